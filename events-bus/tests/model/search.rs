//! Exhaustive breadth-first search, and the actions of the environment.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::calls::{Answer, Call, Calls};
use super::steps::{Luck, step};
use super::world::{Config, File, Role, World};

/// An action of a process or the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Step(usize, Luck),
    Send(usize),
    Tick,
    Crash(usize),
    Stop(usize),
    Backup,
    Restore,
    Clone,
    Replicate,
    Failover,
}

/// Returns every action that a world may have. Some of them do nothing.
pub fn actions(world: &World) -> Vec<Action> {
    let left = world.left;
    let mut actions = Vec::new();
    for index in 0..world.processes.len() {
        actions.push(Action::Step(index, Luck::Good));
        if !world.topic.retries.is_empty() {
            actions.push(Action::Step(index, Luck::NotDue));
        }
        if left.failures > 0 {
            actions.push(Action::Step(index, Luck::Fails));
        }
        if left.lost_answers > 0 {
            actions.push(Action::Step(index, Luck::Unanswered));
        }
        if world.processes[index].epoch.is_some() {
            actions.extend((left.crashes > 0).then_some(Action::Crash(index)));
            actions.extend((left.stops > 0).then_some(Action::Stop(index)));
        }
    }
    if left.sends > 0 {
        actions.extend((0..world.files.len()).map(Action::Send));
    }
    let environment = [
        (left.ticks > 0, Action::Tick),
        (left.restores > 0 && world.backup.is_none(), Action::Backup),
        (left.restores > 0 && world.backup.is_some(), Action::Restore),
        (left.clones > 0, Action::Clone),
        (
            left.failovers > 0 && world.replica.is_none(),
            Action::Replicate,
        ),
        (
            left.failovers > 0 && world.replica.is_some(),
            Action::Failover,
        ),
    ];
    actions.extend(
        environment
            .iter()
            .filter(|(may, _)| *may)
            .map(|(_, it)| *it),
    );
    actions
}

/// Does an action. Returns `false` if the world has no such action.
pub fn act(world: &mut World, action: Action, config: &Config, calls: &mut Calls) -> bool {
    let left = &mut world.left;
    match action {
        Action::Step(index, luck) => {
            match luck {
                Luck::Good | Luck::NotDue => {}
                Luck::Fails => left.failures -= 1,
                Luck::Unanswered => left.lost_answers -= 1,
            }
            return step(world, index, luck, config, calls);
        }
        Action::Send(file) => {
            left.sends -= 1;
            world.send(file);
        }
        Action::Tick => {
            left.ticks -= 1;
            tick(world, calls);
        }
        Action::Crash(index) => {
            left.crashes -= 1;
            world.processes[index].crash();
        }
        Action::Stop(index) => {
            left.stops -= 1;
            stop(world, index, calls);
        }
        Action::Backup => world.backup = Some(world.files[0].clone()),
        Action::Restore => {
            left.restores -= 1;
            let Some(backup) = world.backup.take() else {
                return false;
            };
            let generation = world.files[0].generation + 1;
            world.files[0] = File {
                generation,
                ..backup
            };
            world.note_destroyed();
        }
        Action::Clone => {
            left.clones -= 1;
            world.files.push(world.files[0].clone());
            // The second publisher starts anew, on another machine with the copy.
            let process = &mut world.processes[1];
            process.reset();
            let Role::Publisher(publisher) = &mut process.role else {
                return false;
            };
            publisher.file = 1;
        }
        Action::Replicate => world.replica = Some(Box::new(world.topic.clone())),
        Action::Failover => {
            left.failovers -= 1;
            let Some(replica) = world.replica.take() else {
                return false;
            };
            world.topic = *replica;
            let publications = &world.topic.publications;
            world.published_under = publications
                .iter()
                .filter_map(|(incarnation, it)| Some((*incarnation, it.epoch?)))
                .collect();
            world.note_destroyed();
            // What was settled runs again, because the transport forgot it.
            world.in_flight = world.handled;
        }
    }
    true
}

fn tick(world: &mut World, calls: &mut Calls) {
    world.now += 1;
    calls.note(|| Call::Tick, || Answer::Settled(Ok(())));
}

/// Stops a process in order: it gives back what it holds.
fn stop(world: &mut World, index: usize, calls: &mut Calls) {
    let process = &mut world.processes[index];
    let Some(epoch) = process.epoch else { return };
    match &process.role {
        Role::Publisher(publisher) => {
            world.files[publisher.file].lease.release(epoch);
        }
        Role::Consumer(_) => {
            let holder = process.holder();
            world.topic.release(holder, epoch);
            let by = (holder, epoch);
            calls.note(|| Call::Release { by }, || Answer::Settled(Ok(())));
        }
    }
    process.crash();
}

/// Lets every process run in turn, without faults. Returns `false` if something never happens.
fn heals(world: &World, config: &Config, healed: &mut HashSet<u128>) -> bool {
    let mut world = world.clone();
    let mut calls = Calls::default();
    let mut path = Vec::new();
    for _ in 0..120 {
        let print = fingerprint(&world);
        if world.broken.is_some() || world.is_done() && is_idle(&world) || healed.contains(&print) {
            // A broken promise is found by the search itself.
            healed.extend(path);
            return true;
        }
        path.push(print);
        let mut any = false;
        for index in 0..world.processes.len() {
            for _ in 0..4 {
                let mut next = world.clone();
                if !step(&mut next, index, Luck::Good, config, &mut calls) {
                    break;
                }
                any |= next != world;
                world = next;
            }
        }
        if !any || path.len().is_multiple_of(8) {
            tick(&mut world, &mut calls);
        }
    }
    false
}

/// Returns `true` if every outbox is empty.
fn is_idle(world: &World) -> bool {
    let mut rows = world.files.iter().flat_map(|file| &file.rows);
    rows.all(|row| row.is_published)
}

fn fingerprint(world: &World) -> u128 {
    let hash = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        world.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    hash(1) << 64 | hash(2)
}

/// Result of a search.
#[derive(Debug)]
pub struct Outcome {
    pub states: usize,
    pub depth: usize,
    /// `true` if the search saw every state within the bounds.
    pub is_complete: bool,
    pub found: Option<Found>,
}

/// A broken promise, with the shortest way to it.
#[derive(Debug)]
pub struct Found {
    pub broken: &'static str,
    pub trace: Vec<Action>,
}

/// Explores every interleaving from a world on, up to a number of states.
pub fn explore(start: &World, config: &Config, limit: usize) -> Outcome {
    let mut seen = HashSet::from([fingerprint(start)]);
    let mut healed = HashSet::new();
    // For each state, its parent and the action between them.
    let mut parents: Vec<(u32, Option<Action>)> = vec![(0, None)];
    let mut front = vec![(0_u32, start.clone())];
    let mut calls = Calls::default();
    let mut depth = 0;
    while !front.is_empty() {
        let mut next_front = Vec::new();
        for (index, world) in front {
            for action in actions(&world) {
                let mut next = world.clone();
                if !act(&mut next, action, config, &mut calls) {
                    continue;
                }
                let print = fingerprint(&next);
                if !seen.insert(print) {
                    continue;
                }
                let number = u32::try_from(parents.len()).unwrap_or(u32::MAX);
                parents.push((index, Some(action)));
                // An event that is stranded stays so in all that follows, so that a part of many states is enough.
                let is_checked = parents.len() < 20_000 || print.is_multiple_of(16);
                if next.broken.is_none() && is_checked && !heals(&next, config, &mut healed) {
                    next.broken = Some("something waits for ever");
                }
                if let Some(broken) = next.broken {
                    let trace = trace(&parents, number);
                    return Outcome {
                        states: parents.len(),
                        depth,
                        is_complete: false,
                        found: Some(Found { broken, trace }),
                    };
                }
                if parents.len() >= limit {
                    return Outcome {
                        states: parents.len(),
                        depth,
                        is_complete: false,
                        found: None,
                    };
                }
                next_front.push((number, next));
            }
        }
        front = next_front;
        depth += 1;
    }
    Outcome {
        states: parents.len(),
        depth,
        is_complete: true,
        found: None,
    }
}

fn trace(parents: &[(u32, Option<Action>)], last: u32) -> Vec<Action> {
    let mut trace = Vec::new();
    let mut at = last;
    while let (parent, Some(action)) = parents[at as usize] {
        trace.push(action);
        at = parent;
    }
    trace.reverse();
    trace
}
