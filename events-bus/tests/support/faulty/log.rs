//! Faults of the log.

use std::sync::Arc;
use std::time::Duration;

use events_bus::Record;
use events_bus::transport::{
    Batch, Dispute, Entry, EntryId, Epoch, Log, Position, Receipt, TransportErrorKind,
};
use events_core::Uuid;

use super::{Answer, Fault, Faulty, refusal};

impl Faulty {
    fn alter(&self, records: &[Record]) -> Vec<Record> {
        let mut records = records.to_vec();
        if self.is(Fault::Reversed) {
            records.reverse();
        }
        for record in &mut records {
            if self.is(Fault::Untraced) {
                record.trace = None;
            }
            if self.is(Fault::Truncates) && record.body.len() > 65_536 {
                record.body = Arc::from(&record.body[..65_536]);
            }
        }
        records
    }

    /// Judges and appends as the rules say, but for its fault.
    fn publish_by_rules(
        &self,
        topic: &str,
        records: &[Record],
        batch: Batch<'_>,
    ) -> Answer<Receipt> {
        let mut numbered: Vec<(u64, Uuid)> = batch
            .numbers
            .iter()
            .zip(records)
            .map(|(number, record)| (*number, record.metadata.id()))
            .collect();
        let key = match self.fault {
            Fault::OneIncarnation => (topic.to_owned(), Uuid::nil()),
            Fault::NumbersOfAllTopics => (String::new(), batch.incarnation),
            _ => (topic.to_owned(), batch.incarnation),
        };
        let epoch = match self.fault {
            Fault::AnyPublisher => Epoch::new(1, 1),
            Fault::AnyPublisherOfCounter => Epoch::new(batch.epoch.counter(), 1),
            _ => batch.epoch,
        };
        let acknowledged = if self.is(Fault::NeverForgotten) {
            0
        } else {
            batch.acknowledged
        };
        if self.is(Fault::EmptyBatchUnchecked) && records.is_empty() {
            return Ok(Receipt::Published(Vec::new()));
        }
        let mut memory = self.memory();
        let publication = memory.publications.entry(key.clone()).or_default();
        let mut judged = publication.clone();
        if self.is(Fault::TrustsNumbers) {
            judged.ids = numbered.iter().map(|(_, id)| *id).collect();
        }
        let appends = match judged.judge(epoch, acknowledged, &numbered) {
            Ok(appends) => appends,
            Err(dispute @ Dispute::NumberTaken { last, .. }) if self.is(Fault::AppendsInPart) => {
                numbered.retain(|(number, _)| *number > last);
                let new = &records[records.len() - numbered.len()..];
                self.inner.publish(topic, new)?;
                return Ok(Receipt::Disputed(dispute));
            }
            Err(dispute) => return Ok(Receipt::Disputed(dispute)),
        };
        if self.is(Fault::BatchInTwoSteps) {
            drop(memory);
            std::thread::sleep(Duration::from_millis(1));
            memory = self.memory();
        }
        let publication = memory.publications.entry(key).or_default();
        let former = publication.ids.clone();
        let is_recorded = !self.is(Fault::EpochWithAppend) || appends.contains(&true);
        if is_recorded {
            publication.record(epoch, &numbered, &appends);
        }
        match self.fault {
            Fault::EmptyBatchCounts => publication.epoch = Some(epoch),
            Fault::RemembersAllIds => publication.ids.extend(former),
            Fault::RemembersAppended if appends.contains(&true) => {
                let new = numbered.iter().zip(&appends).filter(|(_, new)| **new);
                publication.ids = new.map(|((_, id), _)| *id).collect();
            }
            _ => {}
        }
        let mut ids = Vec::new();
        for (record, append) in records.iter().zip(appends) {
            let id = if append {
                self.inner
                    .publish(topic, std::slice::from_ref(record))?
                    .first()
                    .copied()
            } else {
                None
            };
            ids.push(id);
        }
        Ok(Receipt::Published(ids))
    }
}

impl Log for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn publish(&self, topic: &str, records: &[Record]) -> Answer<Vec<EntryId>> {
        let topic = self.topic(topic);
        if self.is(Fault::RefusesNothing) && records.is_empty()
            || self.is(Fault::RefusesLarge) && records.iter().any(|it| it.body.len() > 8 << 20)
        {
            return Err(refusal(TransportErrorKind::Refused));
        }
        let records = self.alter(records);
        if self.is(Fault::HoldsBack) && records.len() == 1 {
            let mut memory = self.memory();
            let Some(former) = memory.held_back.take() else {
                memory.held_back = records.into_iter().next();
                return Ok(vec![EntryId::new(1, 0)]);
            };
            let [record] = <[Record; 1]>::try_from(records).unwrap();
            self.inner.publish(topic, &[record, former])?;
            return Ok(vec![EntryId::new(1, 0)]);
        }
        let mut ids = self.inner.publish(topic, &records)?;
        if self.is(Fault::ForeignIds) {
            for id in &mut ids {
                *id = EntryId::new(id.major() + 1, 0);
            }
        }
        Ok(ids)
    }

    fn publish_batch(&self, topic: &str, records: &[Record], batch: Batch<'_>) -> Answer<Receipt> {
        if self.is(Fault::RepeatsBatches) {
            let ids = self.inner.publish(topic, records)?;
            return Ok(Receipt::Published(ids.into_iter().map(Some).collect()));
        }
        self.publish_by_rules(topic, records, batch)
    }

    fn read(&self, topic: &str, from: Position, limit: usize) -> Answer<Vec<Entry>> {
        if self.is(Fault::CreatesByLooking) {
            self.inner.publish(topic, &[])?;
        }
        let oldest = self.is(Fault::ReadsFromOldest);
        let from = if oldest { Position::Oldest } else { from };
        self.inner.read(self.topic(topic), from, limit)
    }
}
