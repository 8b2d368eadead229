//! Steps of processes, each with at most one call to a file or to the transport. Between any two, the process may pause.

use events_bus::transport::rules::TRIALS;
use events_bus::transport::{Dispute, Epoch, Leadership};

use super::calls::{Answer, Call, Calls};
use super::topic::{End, LEASE, Old, moment};
use super::world::{Batch, Config, Consumer, Fence, Phase, Publishing, Role, World};

/// Outcome of a step that the environment chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Luck {
    Good,
    /// The receiver fails.
    Fails,
    /// The call happens, and its answer is lost.
    Unanswered,
    /// No retry is due yet.
    NotDue,
}

/// Takes the next step of a process. Returns `false` if the step does not exist, or has no such outcome.
pub fn step(
    world: &mut World,
    index: usize,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> bool {
    match world.processes[index].role {
        Role::Publisher(_) => publish(world, index, luck, config, calls),
        Role::Consumer(_) => consume(world, index, luck, config, calls),
    }
}

fn publish(
    world: &mut World,
    index: usize,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> bool {
    let process = &mut world.processes[index];
    let (name, holder) = (process.name(), process.next_holder());
    let Role::Publisher(publisher) = &mut process.role else {
        return false;
    };
    let file = &mut world.files[publisher.file];
    let Some(epoch) = process.epoch else {
        let led = file.lease.lead(&name, LEASE, holder, moment(world.now));
        let Leadership::Leader(epoch) = led else {
            return false;
        };
        publisher.generation = file.generation;
        process.epoch = Some(epoch);
        process.terms += 1;
        return luck == Luck::Good;
    };
    let next = publisher.next.clone();
    if let Publishing::Publish(batch) = next {
        let exists = matches!(luck, Luck::Good | Luck::Unanswered);
        return exists && send(world, index, batch, luck, config, calls);
    }
    if luck != Luck::Good {
        return false;
    }
    let is_current = publisher.generation == file.generation
        && file.lease.renew(epoch, LEASE, moment(world.now));
    if !is_current {
        process.reset();
        return true;
    }
    publisher.next = Publishing::Read;
    match next {
        Publishing::Read => {
            let open = file.rows.iter().filter(|row| !row.is_published);
            let mut rows = file.rows.iter();
            let last = rows.find(|row| row.number == file.acknowledged);
            let batch = Batch {
                incarnation: file.incarnation,
                acknowledged: (file.acknowledged, last.map(|row| row.event)),
                records: open
                    .take(config.batch)
                    .map(|row| (row.number, row.event))
                    .collect(),
            };
            if batch.records.is_empty() {
                // It checks that the transport has what it acknowledged.
                return send(world, index, batch, luck, config, calls);
            }
            publisher.next = Publishing::Publish(batch);
        }
        Publishing::Settle(batch) => {
            let records = &batch.records;
            for row in &mut file.rows {
                row.is_published |= records.iter().any(|(number, _)| *number == row.number);
            }
            file.acknowledged = records.last().map_or(0, |(number, _)| *number);
        }
        Publishing::Renumber => {
            world.incarnations += 1;
            file.incarnation = world.incarnations;
            file.acknowledged = 0;
            // Nothing proves any more that the transport has what it acknowledged to the former incarnation.
            for row in &mut file.rows {
                row.is_published &= config.is_out(Fence::RepeatKept);
            }
        }
        Publishing::Resend { last } => {
            for row in &mut file.rows {
                row.is_published &= row.number <= last;
            }
            file.acknowledged = last;
        }
        Publishing::Publish(_) => {}
    }
    true
}

/// Publishes a batch.
fn send(
    world: &mut World,
    index: usize,
    batch: Batch,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> bool {
    let process = &mut world.processes[index];
    let (Some(epoch), Role::Publisher(publisher)) = (process.epoch, &mut process.role) else {
        return false;
    };
    let answer = world
        .topic
        .publish(&batch, epoch, &mut world.entries, config);
    calls.note(
        || Call::Publish {
            epoch,
            batch: batch.clone(),
        },
        || Answer::Published(answer.clone()),
    );
    let entries = answer.iter().flatten();
    let appended: Vec<_> = entries
        .zip(&batch.records)
        .filter(|(entry, _)| entry.is_some())
        .map(|(_, (_, event))| *event)
        .collect();
    let (incarnation, is_check) = (batch.incarnation, batch.records.is_empty());
    let is_published = answer.is_ok() && !is_check;
    publisher.next = match answer {
        _ if luck == Luck::Unanswered => Publishing::Read,
        Ok(_) if is_check => Publishing::Read,
        Ok(_) => Publishing::Settle(batch),
        Err(Dispute::OldEpoch | Dispute::NumberTaken { .. }) => Publishing::Renumber,
        Err(Dispute::Forgotten { last }) => Publishing::Resend { last },
    };
    if is_published {
        world.published(incarnation, epoch, !appended.is_empty(), config);
    }
    for event in appended {
        world.append(event, config);
    }
    true
}

fn consume(
    world: &mut World,
    index: usize,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> bool {
    let Some(epoch) = world.processes[index].epoch else {
        return luck == Luck::Good && lead(world, index, calls);
    };
    let is_old = !world.topic.lease.is_current(epoch);
    let before = (is_old && config.watches_epochs).then(|| world.topic.clone());
    let done = if consumer(world, index).held.is_empty() {
        take(world, index, epoch, luck, config, calls)
    } else {
        work(world, index, epoch, luck, config, calls)
    };
    if before.is_some_and(|before| before != world.topic) {
        world.broken = Some("an old epoch changes the group");
    }
    done.unwrap_or_else(|Old| {
        world.processes[index].reset();
        true
    })
}

fn consumer(world: &mut World, index: usize) -> &mut Consumer {
    match &mut world.processes[index].role {
        Role::Consumer(consumer) => consumer,
        Role::Publisher(_) => panic!("process {index} publishes"),
    }
}

fn lead(world: &mut World, index: usize, calls: &mut Calls) -> bool {
    let process = &mut world.processes[index];
    let epoch = world.topic.lead(process, world.now);
    let holder = process.holder();
    calls.note(|| Call::Lead { holder }, || Answer::Lead(epoch));
    let Some(epoch) = epoch else {
        return false;
    };
    process.epoch = Some(epoch);
    process.terms += 1;
    let now = world.now;
    consumer(world, index).until = now + 1;
    true
}

/// Asks the transport for work.
fn take(
    world: &mut World,
    index: usize,
    epoch: Epoch,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> Result<bool, Old> {
    let holder = world.processes[index].holder();
    let is_lost = luck == Luck::Unanswered;
    if luck == Luck::Fails {
        return Ok(false);
    }
    let mut state = consumer(world, index).clone();
    let topic = &mut world.topic;
    let mut phase = state.phase;
    if luck == Luck::NotDue {
        let waits = phase == Phase::ClaimRetries && !state.parked.is_empty();
        state.phase = Phase::Receive;
        *consumer(world, index) = state;
        return Ok(waits);
    }
    if phase == Phase::ClaimRetries && state.parked.is_empty() {
        phase = Phase::Receive;
    }
    let by = (holder, epoch);
    let mut handed = Vec::new();
    match phase {
        Phase::Retries => {
            let retries = topic.retries(epoch, config);
            calls.note(|| Call::Retries { by }, || Answer::Retries(retries.clone()));
            state.parked = retries?;
            state.phase = Phase::Claim;
            if is_lost {
                return Ok(false);
            }
        }
        Phase::Claim => {
            let claimed = topic.claim(holder, epoch, config);
            let max_deliveries = config.max_deliveries;
            calls.note(
                || Call::Claim { by, max_deliveries },
                || Answer::Entries(claimed.clone().map(|(handed, _)| handed)),
            );
            let ended;
            (handed, ended) = claimed?;
            let goes_on = ended || handed.iter().any(|handed| handed.trials > 0) || is_lost;
            state.phase = if goes_on {
                Phase::Claim
            } else {
                Phase::ClaimRetries
            };
        }
        Phase::ClaimRetries => {
            let entry = state.parked[0].0;
            let claimed = topic.claim_retry(epoch, entry, config);
            calls.note(
                || Call::ClaimRetry { by, entry },
                || Answer::Entries(claimed.clone()),
            );
            handed = claimed?;
            state.phase = Phase::Receive;
        }
        Phase::Receive => {
            let limit = config.batch;
            let received = topic.receive(holder, epoch, limit, config);
            calls.note(
                || Call::Receive { by, limit },
                || Answer::Entries(received.clone()),
            );
            handed = received?;
            state.phase = if config.is_out(Fence::Rescan) {
                Phase::ClaimRetries
            } else {
                Phase::Claim
            };
        }
    }
    if is_lost && handed.is_empty() {
        return Ok(false);
    }
    if !is_lost {
        if config.is_out(Fence::Duplicates) {
            for handed in &mut handed {
                handed.is_duplicate = false;
            }
        }
        state.held = handed.into_iter().map(|handed| (handed, None)).collect();
    }
    *consumer(world, index) = state;
    Ok(true)
}

/// Works on the first entry that the consumer holds.
fn work(
    world: &mut World,
    index: usize,
    epoch: Epoch,
    luck: Luck,
    config: &Config,
    calls: &mut Calls,
) -> Result<bool, Old> {
    let now = world.now;
    let by = (world.processes[index].holder(), epoch);
    let state = consumer(world, index);
    let (handed, end) = state.held[0].clone();
    let key = config.key(handed.event);
    let key_is_parked = state.parked.iter().any(|(_, it)| config.key(*it) == key);
    let end = if end.is_some() {
        end
    } else if handed.is_duplicate {
        Some(End::Skipped)
    } else if !handed.is_retry && key_is_parked && !config.is_out(Fence::ParkBehind) {
        Some(End::Parked { attempts: 0 })
    } else if u32::from(handed.trials) > TRIALS && !config.is_out(Fence::Trials) {
        Some(End::Dead)
    } else {
        None
    };
    if let Some(end) = end {
        let settled = world.topic.settle(epoch, &handed, end, config);
        calls.note(
            || Call::Settle {
                by,
                handed: handed.clone(),
                end,
            },
            || Answer::Settled(settled.map(drop)),
        );
        let was_open = settled?;
        if luck == Luck::Unanswered {
            // It settles once more.
            return Ok(was_open);
        }
        settle(world, index, end, was_open, config);
        return Ok(luck == Luck::Good);
    }
    if now >= state.until && !config.is_out(Fence::LocalLease) {
        let renewed = world.topic.renew(epoch, now);
        calls.note(|| Call::Renew { by }, || Answer::Settled(renewed));
        renewed?;
        consumer(world, index).until = now + 1;
        return Ok(luck == Luck::Good);
    }
    if config.poison == Some(handed.event) {
        world.poisoned += 1;
        let most = u32::try_from(config.max_deliveries).unwrap_or(u32::MAX) + TRIALS;
        if u32::from(world.poisoned) > most {
            world.broken = Some("an event ends the process again and again");
        }
        world.processes[index].crash();
        return Ok(luck == Luck::Good);
    }
    match luck {
        Luck::Good => {
            consumer(world, index).held[0].1 = Some(End::Handled);
            world.handle(handed.event, config);
        }
        Luck::Fails => consumer(world, index).held[0].1 = Some(End::Parked { attempts: 1 }),
        Luck::Unanswered | Luck::NotDue => return Ok(false),
    }
    Ok(true)
}

/// Learns that the first entry is settled.
fn settle(world: &mut World, index: usize, end: End, was_open: bool, config: &Config) {
    let state = consumer(world, index);
    let (handed, _) = state.held.remove(0);
    let event = handed.event;
    if !matches!(end, End::Parked { .. }) {
        state.parked.retain(|(entry, _)| *entry != handed.entry);
    } else if !handed.is_retry {
        state.parked.push((handed.entry, event));
        state.parked.sort_unstable();
    }
    if end == End::Handled {
        for (other, _) in &mut state.held {
            other.is_duplicate |= other.event == event;
        }
        if was_open {
            world.in_flight.remove(event);
        }
    }
    if end == End::Dead {
        if config.poison != Some(event) {
            world.broken = Some("an event is given up that never ended a process");
        }
        world.handled.add(event);
    }
}
