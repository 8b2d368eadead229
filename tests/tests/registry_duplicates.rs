//! A binary with all the duplicates at once: they are its registry's for good, so it is a binary of its own.

use events_core::registry::{self, Problem};
use events_core::{event, receiver};

mod first {
    use events_core::event;

    #[event(type = "org.example.tests.twice.declared.v1")]
    pub(crate) struct Declared {}
}

mod second {
    use events_core::event;

    #[event(type = "org.example.tests.twice.declared.v1", signal = DECLARED_AGAIN)]
    pub(crate) struct DeclaredAgain {}
}

mod third {
    use events_core::event;

    #[event(type = "org.example.tests.twice.declared.v1", signal = AND_AGAIN)]
    pub(crate) struct AndAgain {}
}

#[event(type = "org.example.tests.once.declared.v1")]
struct Once {}

#[receiver(ONCE, id = "twice.id")]
fn one() {}

#[receiver(ONCE, id = "twice.id")]
fn other() {}

#[receiver(ONCE, id = "renamed", alias = "former")]
fn renamed() {}

#[receiver(ONCE, id = "former")]
fn took_the_old_name() {}

#[receiver(ONCE, id = "x", alias = "shared.alias")]
fn alias_one() {}

#[receiver(ONCE, id = "y", alias = "shared.alias", manual)]
fn alias_other() {}

use self::ONCE as ONCE_AGAIN;

/// The macro cannot see that the two are one.
#[receiver(ONCE, ONCE_AGAIN)]
fn same_signal_twice() {}

fn at(name: &str) -> String {
    let found = registry::receivers()
        .find(|info| info.name == name)
        .expect("a receiver");
    format!("registry_duplicates::{name} ({})", found.location)
}

#[test]
fn every_duplicate_is_reported_at_once_with_all_its_places() {
    let problems = registry::verify().expect_err("there are duplicates");
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let place = |name: &str, module: &str| {
        let signal = registry::resolve(&format!("registry_duplicates::{module}::{name}"))[0].info();
        format!(
            "registry_duplicates::{module}::{name} ({})",
            signal.location
        )
    };
    let fix = ". Give one of them an id of its own: `#[receiver(…, id = \"…\")]`";
    assert_eq!(
        texts,
        [
            format!(
                "event type `org.example.tests.twice.declared.v1` is declared 3 times: {}, {}, {}. An event type means one \
                 event: give the other a type of its own, or raise the version at the end of its type",
                place("DECLARED", "first"),
                place("DECLARED_AGAIN", "second"),
                place("AND_AGAIN", "third"),
            ),
            format!(
                "receiver id `former` is used 2 times: {}, {}{fix}",
                at("took_the_old_name"),
                at("renamed")
            ),
            format!(
                "receiver id `shared.alias` is used 2 times: {}, {}{fix}",
                at("alias_one"),
                at("alias_other")
            ),
            format!(
                "receiver id `twice.id` is used 2 times: {}, {}{fix}",
                at("one"),
                at("other")
            ),
            format!(
                "receiver `registry_duplicates::same_signal_twice` ({}) names the signal registry_duplicates::ONCE twice, \
                 so it runs twice for one event: name it once",
                registry::receivers()
                    .find(|info| info.name == "same_signal_twice")
                    .expect("a receiver")
                    .location
            ),
        ]
    );
    assert!(
        problems
            .to_string()
            .starts_with("the event registry has 5 problems\n- event type")
    );
    let duplicates = problems
        .iter()
        .filter(|problem| matches!(problem, Problem::DuplicateReceiver { receivers, .. } if receivers.len() == 2));
    assert_eq!(duplicates.count(), 3);
}

#[test]
fn a_scope_refuses_to_open_over_a_broken_registry() {
    let opened = std::panic::catch_unwind(|| drop(events_core::testing::scope()));
    let payload = opened.expect_err("refused");
    let text = payload.downcast_ref::<String>().expect("a text");
    assert!(
        text.starts_with("the event registry has 5 problems"),
        "{text}"
    );
}

#[test]
fn receivers_of_one_id_have_an_order_all_the_same() {
    let responses = ONCE.send_event(Once {});
    let names: Vec<_> = responses
        .iter()
        .map(|response| response.receiver().name)
        .collect();
    // By place in the source, where priority and id do not decide; never by the linker.
    let one = names.iter().position(|name| *name == "one");
    let other = names.iter().position(|name| *name == "other");
    assert!(one < other, "{names:?}");
}
