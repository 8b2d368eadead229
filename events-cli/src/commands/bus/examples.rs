//! The end of each `--help`: details, and two examples.

pub(super) const PRODUCE: &str = "\
Examples:
  events produce SESSION_LOGIN_COMPLETED -t logins --data login.json --bus sqlite:events.db
  events consume -t logins -g copy --json --count 10 | events produce -t copies --lines";

pub(super) const PRODUCE_LONG: &str = "\
With --lines, each line of standard input is one JSON object:

    {\"event_type\": \"…\", \"data\": {…}, \"metadata\": {…}, \"key\": \"…\"}

`metadata` and `key` are optional, and so is each key of the metadata: the command fills in what a send from this process would have. It \
accepts the output of `consume --json`. It reports lines that are not events with their numbers on standard error, publishes the others, and \
exits with 1. It publishes an event as soon as its line is complete, and publishes lines that arrive together in one batch.

The data must match the schema of the event in this binary, and are published in its layout. A lower minor version in the metadata \
becomes that of this binary.

Standard output lists each published event: entry, topic, event type and id. With --json, each line is one object with the keys \
event_type, id, topic and entry.

Examples:
  events produce SESSION_LOGIN_COMPLETED -t logins --data login.json --bus sqlite:events.db
  events consume -t logins -g copy --json --count 10 | events produce -t copies --lines";

pub(super) const CONSUME: &str = "\
Examples:
  events consume -t registrations -g mailing --bus redis://localhost:6379/0
  events consume -t logins -t registrations -g audit --count 100 --timeout 30 --json";

pub(super) const CONSUME_LONG: &str = "\
The command runs the receivers of this binary with each entry, and retries as a service does. Events that a receiver gives up become dead \
letters. An entry that was not finished is handed out again next time.

Standard output lists each entry after its receivers ran, and again after each retry. Text leaves out personal data and keys. With \
--json, each line is one object with the keys event_type, data, metadata, topic, group, entry, deliveries, key, receivers (id, result: \
`handled`, `retry` or `dead`, and for the latter two error, attempts, delay_ms) and dead (null, or reason and error of an entry that could \
not be read). There, data and key include personal data.

Standard error has the log: warnings and errors, or what -v and -q select.

The command stops cleanly after --count entries, after --timeout, and at SIGINT or SIGTERM: receivers that are running get up to 10 seconds. \
A second signal ends it at once, and unfinished entries are handed out again next time.

Examples:
  events consume -t registrations -g mailing --bus redis://localhost:6379/0
  events consume -t logins -t registrations -g audit --count 100 --timeout 30 --json";

pub(super) const BUS: &str = "\
Examples:
  events bus status --bus sqlite:events.db
  events bus trim -t registrations --keep-entries 100000";

pub(super) const STATUS: &str = "\
LAG is the number of entries that a group has not settled: unread, pending and requeued. PARKED are deliveries that wait for a
retry; LOST are entries that another program removed before the group read them.

Examples:
  events bus status --bus sqlite:events.db
  events bus status -t registrations --json --bus redis://localhost:6379/0";

pub(super) const TRIM: &str = "\
Examples:
  events bus trim -t registrations --keep-entries 100000 --keep-for 604800
  events bus trim -t registrations --lose-unread-beyond 1000000";

pub(super) const DELETE_GROUP: &str = "\
Examples:
  events bus delete-group -t registrations -g mailing
  events bus delete-group -t registrations -g mailing --yes";

pub(super) const BACKUP: &str = "\
Copy a file with this command while the bus runs, and not with `cp`. After a restore, events that were published since the copy
may be published again.

Examples:
  events bus backup events-2026-11-28.db --bus sqlite:events.db
  events bus backup --outbox outbox-2026-11-28.db --config service.toml";

pub(super) const VACUUM: &str = "\
Examples:
  events bus vacuum --bus sqlite:events.db
  events bus trim -t registrations --keep-entries 1000 && events bus vacuum";

pub(super) const DLQ: &str = "\
Examples:
  events dlq list --bus sqlite:events.db
  events dlq retry -t registrations --all";

pub(super) const LETTERS_LIST: &str = "\
Examples:
  events dlq list --bus sqlite:events.db
  events dlq list -t registrations -g mailing --json";

pub(super) const LETTERS_SHOW: &str = "\
Examples:
  events dlq show -t registrations 17
  events dlq show -t registrations --receiver mailing.welcome --personal";

pub(super) const LETTERS_RETRY: &str = "\
Examples:
  events dlq retry -t registrations 17 18
  events dlq retry -t registrations --all --receiver mailing.welcome";

pub(super) const LETTERS_DROP: &str = "\
Examples:
  events dlq drop -t registrations 17 18
  events dlq drop -t registrations --all --type org.openedx.learning.auth.session.login.completed.v1";

pub(super) const REPLAY: &str = "\
A replay of a whole topic asks for confirmation. Without a terminal, it needs --yes.

Examples:
  events replay -t registrations -g mailing --from 2026-11-25T08:00:00Z --dry-run
  events replay -t registrations -g mailing --receiver mailing.welcome --yes";
