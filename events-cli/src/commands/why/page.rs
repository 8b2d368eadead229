//! `events why` as text.

use super::{NotWired, Why, WhyReceiver, WhySignal};
use crate::commands::Facts;
use crate::text::{Page, Table};

impl Facts for Why {
    fn lay_out(&self, page: &mut Page) {
        for signal in &self.signals {
            page.blank();
            signal.lay_out(page);
        }
        for receiver in &self.receivers {
            page.blank();
            receiver.lay_out(page);
        }
    }
}

impl WhySignal {
    fn lay_out(&self, page: &mut Page) {
        let signal = &self.signal;
        page.line(&format!("Signal {}", signal.name));
        page.pairs(
            2,
            &[
                ("event type", signal.event_type),
                (
                    "declared",
                    &format!("{} (crate {})", signal.location(), signal.catalog),
                ),
                (
                    "state",
                    if signal.enabled {
                        "enabled"
                    } else {
                        "disabled"
                    },
                ),
            ],
        );
        page.blank();
        if self.wired.is_empty() {
            page.line("Nothing is wired to it");
        } else {
            page.paragraph(
                0,
                "Wired to it, in the order of the calls (by priority, then by id; connected closures after the receivers \
                 of their priority)",
            );
        }
        for wired in &self.wired {
            let receiver = &wired.receiver;
            let hint = if receiver.any { "any signal" } else { "" };
            page.blank();
            page.line(&format!("  {}. {}", wired.position, receiver.id));
            page.pairs(
                5,
                &[
                    ("here because", &wired.because),
                    (
                        "connected by",
                        wired.connected_by.as_deref().unwrap_or_default(),
                    ),
                    ("from", &receiver.origin()),
                    ("receives", hint),
                    ("kind", &receiver.traits()),
                ],
            );
        }
        lay_out_not_wired(page, &self.not_wired, |not_wired| {
            not_wired.receiver.as_deref().or(not_wired.plugin)
        });
    }
}

impl WhyReceiver {
    fn lay_out(&self, page: &mut Page) {
        let receiver = &self.receiver;
        page.line(&format!("Receiver {}", receiver.id));
        page.pairs(
            2,
            &[
                ("function", receiver.function.as_deref().unwrap_or_default()),
                ("from", &receiver.origin()),
                ("aliases", &receiver.aliases.join(", ")),
                ("kind", &receiver.traits()),
                ("priority", &receiver.priority.to_string()),
                ("signals", &receiver.signal_names()),
            ],
        );
        page.blank();
        if self.wired.is_empty() {
            page.line("It is not wired to any signal");
        } else {
            page.line("Wired to");
            page.blank();
            let mut table = Table::default()
                .left("SIGNAL")
                .left("POSITION")
                .left("BECAUSE");
            for wired in &self.wired {
                let by = wired.connected_by.iter();
                table.row(
                    [
                        wired.signal.to_owned(),
                        format!("{} of {}", wired.position, wired.of),
                        wired.because.clone(),
                    ],
                    by.map(|origin| format!("connected by {origin}")).collect(),
                );
            }
            table.print(page, 2);
        }
        lay_out_not_wired(page, &self.not_wired, |not_wired| {
            not_wired.signal.as_deref()
        });
    }
}

fn lay_out_not_wired(
    page: &mut Page,
    not_wired: &[NotWired],
    heading: fn(&NotWired) -> Option<&str>,
) {
    if not_wired.is_empty() {
        return;
    }
    page.blank();
    page.line("Not wired, and why");
    for item in not_wired {
        page.blank();
        let mut indent = 2;
        if let Some(heading) = heading(item) {
            page.line(&format!("  {heading}"));
            indent = 4;
        }
        page.pairs(
            indent,
            &[("because", &item.because), ("remedy", &item.remedy)],
        );
        if let Some(snippet) = &item.snippet {
            page.blank();
            page.verbatim(indent + 4, snippet);
        }
    }
}
