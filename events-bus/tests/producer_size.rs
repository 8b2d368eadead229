//! Bytes: events and batches have a limit.

#![allow(
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "a test that cannot go on has failed"
)]

mod support {
    pub mod flaky;
    pub mod producer;
}

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use events_bus::config::{BusConfig, OutboxStore};
use events_bus::transport::{Log as _, Position, SharedTransport};
use events_bus::{Bus, Record};
use events_core::{Event as _, EventMetadata};

use support::flaky::Flaky;
use support::producer::{LONG, OUTBOX, memory, start};

/// Emitted when a picture was taken.
#[events_core::event(type = "org.example.size.picture.taken.v1")]
#[non_exhaustive]
pub struct PictureTaken {
    /// The picture.
    pub picture: String,
}

/// Emitted when a picture was taken, for another test.
#[events_core::event(type = "org.example.size.picture.kept.v1")]
#[non_exhaustive]
pub struct PictureKept {
    /// The picture.
    pub picture: String,
}

fn picture(bytes: usize) -> String {
    "x".repeat(bytes)
}

#[test]
fn an_event_beyond_the_limit_fails_at_the_send_and_nothing_is_stored() {
    let stores = [
        (OutboxStore::Memory, None),
        (OutboxStore::Transport, None),
        (OutboxStore::Memory, Some(memory())),
    ];
    for (kind, store) in stores {
        let mut config = BusConfig::memory()
            .with_route(PictureTaken::INFO.event_type, "t")
            .with_route(PictureTaken::INFO.event_type, "u")
            .with_outbox(kind);
        config.max_event_bytes = 100_000;
        let mut builder = Bus::builder(config);
        if let Some(store) = &store {
            builder = builder.outbox(Arc::clone(store));
        }
        let bus = builder.start().unwrap();
        let sent = PICTURE_TAKEN.send_event(PictureTaken {
            picture: picture(100_000),
        });
        let error = sent.into_result().unwrap_err().to_string();
        let expected = [
            "event `org.example.size.picture.taken.v1` has 100036 bytes, and the limit is 100000; nothing was stored",
            "`bus.max_event_bytes`",
        ];
        for part in expected {
            assert!(error.contains(part), "{error}");
        }
        assert!(
            PICTURE_TAKEN
                .send_event(PictureTaken {
                    picture: picture(99_000)
                })
                .is_ok()
        );
        bus.flush(LONG).unwrap();
        for topic in ["t", "u"] {
            let transport = bus.transport().unwrap();
            assert_eq!(
                transport.read(topic, Position::Oldest, 10).unwrap().len(),
                1
            );
        }
        bus.shutdown(LONG).unwrap();
    }
}

/// Returns the numbers of records of the batches.
fn batches(transport: &Flaky) -> Vec<usize> {
    transport.batches.lock().unwrap().clone()
}

#[test]
fn a_batch_holds_8_mib_or_one_event() {
    let mib = 1 << 20;
    // Of a queue in memory.
    let transport = Arc::new(Flaky::default());
    transport.down.store(true, Ordering::SeqCst);
    let config = BusConfig::memory()
        .with_route(PictureKept::INFO.event_type, "t")
        .with_outbox(OutboxStore::Memory);
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = Bus::builder(config).transport(shared).start().unwrap();
    for bytes in [3 * mib, 3 * mib, 3 * mib, 9 * mib, 1, 1] {
        assert!(
            PICTURE_KEPT
                .send_event(PictureKept {
                    picture: picture(bytes)
                })
                .is_ok()
        );
    }
    bus.flush(Duration::from_millis(100)).unwrap_err();
    transport.down.store(false, Ordering::SeqCst);
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
    let memory_batches = batches(&transport);
    // The first event may have been taken alone.
    assert!(
        [vec![2, 1, 1, 2], vec![1, 2, 1, 2]].contains(&memory_batches),
        "{memory_batches:?}"
    );

    // Of a store.
    let (store, transport) = (memory(), Arc::new(Flaky::default()));
    let record = |bytes: usize| {
        let metadata = EventMetadata::new(PictureKept::INFO.event_type);
        Record::new(metadata, vec![0; bytes])
    };
    let rows: Vec<_> = [3 * mib, 3 * mib, 3 * mib, 9 * mib, 1, 1]
        .map(record)
        .into();
    store.publish(OUTBOX, &rows).unwrap();
    let shared: SharedTransport = Arc::clone(&transport) as SharedTransport;
    let bus = start(&store, &shared);
    bus.flush(LONG).unwrap();
    bus.shutdown(LONG).unwrap();
    assert_eq!(batches(&transport), [2, 1, 1, 2]);
    assert_eq!(transport.read("t", Position::Oldest, 10).unwrap().len(), 6);
}
