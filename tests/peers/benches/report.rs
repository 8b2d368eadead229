//! The tables.

use crate::COUNTS;

/// How much dearer a send of a peer should be than one of ours: peer, receivers, factor.
const COST_BARS: [(&str, usize, f64); 9] = [
    ("mod-events", 1, 15.0),
    ("mod-events", 4, 8.0),
    ("mod-events", 16, 3.0),
    ("bevy_ecs", 1, 4.0),
    ("bevy_ecs", 4, 4.0),
    ("bevy_ecs", 16, 4.0),
    ("bevy_ecs", 64, 4.0),
    ("signals2", 1, 6.0),
    ("signals2", 4, 3.0),
];

pub fn costs(names: &[&str], costs: &[Vec<f64>]) {
    println!("Nanoseconds per send, from one thread; in brackets how many of ours that is.\n");
    head(names);
    for (count, row) in COUNTS.iter().zip(costs) {
        let cell = |cost: &f64| format!("{cost:.1} ({:.1}x)", cost / row[0]);
        line(*count, row.iter().map(cell));
    }
}

pub fn rates(names: &[&str], rates: &[Vec<[f64; 2]>]) {
    println!(
        "\nMillions of sends per second from two threads, and from one; in brackets the factor between them.\n"
    );
    head(names);
    for (count, row) in COUNTS.iter().zip(rates) {
        let cell = |[single, double]: &[f64; 2]| {
            format!(
                "{:.2} / {:.2} ({:.2}x)",
                double / 1e6,
                single / 1e6,
                double / single
            )
        };
        line(*count, row.iter().map(cell));
    }
    println!(
        "\nOne world or channel per thread: bevy_ecs, evenio, tokio broadcast. One for both: the others."
    );
}

/// What we want to see; nothing fails over it, for a machine may have a bad day.
pub fn bars(names: &[&str], costs: &[Vec<f64>], rates: &[Vec<[f64; 2]>]) {
    println!("\n| bar | receivers | wanted | found | |");
    println!("| --- | --- | --- | --- | --- |");
    for (peer, count, wanted) in COST_BARS {
        let at = COUNTS.iter().position(|known| *known == count);
        let of = names.iter().position(|name| *name == peer);
        let (Some(at), Some(of)) = (at, of) else {
            continue;
        };
        bar(
            &format!("cost of {peer}"),
            count,
            wanted,
            costs[at][of] / costs[at][0],
        );
    }
    for (count, row) in COUNTS.iter().zip(rates) {
        for (name, rate) in names
            .iter()
            .zip(row)
            .filter(|(name, _)| !name.starts_with("events-core"))
        {
            bar(
                &format!("two threads, over {name}"),
                *count,
                1.0,
                row[0][1] / rate[1],
            );
        }
    }
}

fn bar(what: &str, count: usize, wanted: f64, found: f64) {
    let verdict = if found >= wanted { "met" } else { "MISSED" };
    println!("| {what} | {count} | {wanted:.0}x | {found:.1}x | {verdict} |");
}

fn head(names: &[&str]) {
    println!("| receivers | {} |", names.join(" | "));
    println!("| --- |{}", " --- |".repeat(names.len()));
}

fn line(count: usize, cells: impl Iterator<Item = String>) {
    println!("| {count} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
