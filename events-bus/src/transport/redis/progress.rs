//! The progress of an entry's receivers, as a text that people can read as well.

use std::sync::Arc;

use serde_json::{Value, json};

use events_core::Timestamp;

use crate::transport::{Progress, ReceiverState, Settlement};

/// `[{"receiver":"shop.greet","state":"failed","attempts":2,"next_attempt":"…","error":"…"}]`
pub(super) fn write(settlement: &Settlement) -> String {
    let handled = settlement
        .handled_by
        .iter()
        .map(|receiver| json!({"receiver": **receiver, "state": "handled"}));
    let others = settlement.progress.iter().map(|progress| {
        let receiver = &*progress.receiver;
        match &progress.state {
            ReceiverState::Handled => json!({"receiver": receiver, "state": "handled"}),
            ReceiverState::Dead => json!({"receiver": receiver, "state": "dead"}),
            ReceiverState::Failed {
                attempts,
                next_attempt,
                error,
            } => json!({
                "receiver": receiver,
                "state": "failed",
                "attempts": attempts,
                "next_attempt": next_attempt.to_string(),
                "error": error,
            }),
        }
    });
    Value::Array(handled.chain(others).collect()).to_string()
}

/// `None` where somebody else wrote it.
pub(super) fn read(text: &[u8]) -> Option<Vec<Progress>> {
    let list: Vec<Value> = serde_json::from_slice(text).ok()?;
    list.iter().map(read_one).collect()
}

fn read_one(value: &Value) -> Option<Progress> {
    let receiver = Arc::from(value["receiver"].as_str()?);
    let state = match value["state"].as_str()? {
        "handled" => ReceiverState::Handled,
        "dead" => ReceiverState::Dead,
        "failed" => ReceiverState::Failed {
            attempts: u32::try_from(value["attempts"].as_u64()?).ok()?,
            next_attempt: value["next_attempt"].as_str()?.parse::<Timestamp>().ok()?,
            error: value["error"].as_str()?.into(),
        },
        _ => return None,
    };
    Some(Progress::new(receiver, state))
}
