//! The story as text.

use super::{Demo, Line, Registration};
use crate::commands::Facts;
use crate::text::Page;

impl Facts for Demo {
    fn lay_out(&self, page: &mut Page) {
        let plugins: Vec<_> = self
            .plugins
            .iter()
            .map(|plugin| format!("{} {}", plugin.name, plugin.version))
            .collect();
        heading(page, "1. Wired by annotation");
        page.paragraph(
            3,
            &format!(
                "Plugin crates in this binary: {}. Each was compiled by itself, and no code wires them: the annotation \
                 does, and the linker collects. One closure was connected by hand.",
                plugins.join(", ")
            ),
        );
        page.blank();
        if let Some(signal) = &self.signal {
            page.line(&format!("   {} reaches, in this order:", signal.name));
            page.blank();
        }
        for (index, receiver) in self.wired.iter().enumerate() {
            page.line(&format!("     {}. {}", index + 1, receiver.id));
            page.line(&format!(
                "        priority {}, {}",
                receiver.priority,
                receiver.origin()
            ));
        }
        for (index, registration) in self.registrations.iter().enumerate() {
            registration.lay_out(page, index);
        }
        self.lay_out_test(page);
        heading(
            page,
            "5. An event changes, and its receivers no longer compile",
        );
        page.paragraph(
            3,
            "The field `customer` of an event was renamed to `customer_name`. No receiver finds out in production: cargo \
             says it, where the receiver and the sender name the field.",
        );
        page.blank();
        page.verbatim(5, self.compile_error);
        self.lay_out_bus(page);
        page.blank();
        page.line("Go on with");
        page.pairs(
            2,
            &[
                (
                    "events why STUDENT_REGISTRATION_COMPLETED",
                    "what is wired to it, in which order, and why",
                ),
                ("events receivers", "all receivers, in their order"),
                ("events doctor", "is everything there that should be?"),
                (
                    "events produce --help",
                    "the same over a bus of your own: produce, consume, bus, dlq, replay",
                ),
            ],
        );
    }
}

impl Demo {
    fn lay_out_bus(&self, page: &mut Page) {
        heading(page, "6. Events leave the process, and a consumer crashes");
        let Some(bus) = &self.bus else {
            let problem = self.bus_problem.as_deref().unwrap_or_default();
            page.paragraph(3, &format!("This part cannot be told here: {problem}"));
            return;
        };
        let mut part = |text: &str, lines: Vec<String>| {
            page.paragraph(3, text);
            page.blank();
            for line in lines {
                page.line(&format!("     {line}"));
            }
            page.blank();
        };
        part(
            &format!(
                "A bus keeps events in a file. {} registrations were sent through a signal with a route, and published to the \
                 topic `registrations`. Another process consumes them in the group `mailing`. It handled",
                bus.published()
            ),
            bus.before_the_crash().collect(),
        );
        part(
            &format!(
                "and was killed in the middle of the second. {} entries are not finished, so the next consumer goes on there. \
                 The receiver that fails is tried again, and the others are not:",
                bus.left()
            ),
            bus.after_the_crash().collect(),
        );
        part(
            "What it gave up is a dead letter, `events dlq list` shows it:",
            bus.letters().collect(),
        );
        part(
            "The mail server was repaired, `events dlq retry` gives the event to that receiver once more:",
            bus.retried().collect(),
        );
        part(
            "And `events replay --receiver audit.record` gives everything to one receiver once more:",
            bus.replayed().collect(),
        );
    }

    fn lay_out_test(&self, page: &mut Page) {
        heading(page, "4. A test captures what was sent");
        page.paragraph(
            3,
            "A scope isolates a test from all others in the process. This one expects a wrong address:",
        );
        page.blank();
        page.verbatim(5, self.test.code.trim_end());
        page.blank();
        page.line("   It fails, and says where the two differ:");
        page.blank();
        page.verbatim(5, &self.test.message);
    }
}

impl Registration {
    fn lay_out(&self, page: &mut Page, index: usize) {
        let Self {
            username, email, ..
        } = self;
        heading(
            page,
            &if self.ok {
                format!("{}. {username} registers", index + 2)
            } else {
                format!("{}. {username} registers, and a receiver fails", index + 2)
            },
        );
        page.line(&format!(
            "   STUDENT_REGISTRATION_COMPLETED.send_event(…), with the address {email}, reports:"
        ));
        page.blank();
        for line in &self.report {
            line.lay_out(page);
        }
        page.blank();
        for mail in &self.mails {
            page.line(&format!("   In the mailbox of {username}: {mail}"));
        }
        if !self.ok {
            page.paragraph(
                3,
                "The failure was caught, and logged once; the sender has it in the report, and may look or not. The \
                 receivers after it still ran.",
            );
        }
        page.line(&format!(
            "   The audit wrote down {}, the closure has counted {}.",
            crate::text::count(self.audited, "event"),
            crate::text::count(self.counted, "registration")
        ));
    }
}

impl Line {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!("     {:8} {}", self.outcome, self.receiver));
        if let Some(error) = &self.error {
            page.hanging(5, &format!("{:9}", ""), error);
        }
    }
}

fn heading(page: &mut Page, text: &str) {
    page.blank();
    page.line(text);
    page.blank();
}
