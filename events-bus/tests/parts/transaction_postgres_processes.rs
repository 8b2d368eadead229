//! Relays in processes of their own.

use super::*;

/// Environment of a relay process: the database.
const PROCESS: &str = "EVENTS_RELAY_PROCESS";

/// A process of the test below.
#[test]
#[ignore = "a process of another test"]
fn relay_process() {
    let url = std::env::var(PROCESS).unwrap();
    let transport: SharedTransport = Arc::new(Ledger::new(&url, Duration::from_millis(2)));
    let mut config = quick(BusConfig::memory().with_route(Fought::INFO.event_type, "t"));
    config.outbox.lease = LEASE;
    let bus = Bus::builder(config)
        .transport(transport)
        .relay(outbox(&url))
        .start()
        .unwrap();
    let mut last = None;
    loop {
        let state = bus.relays()[0].stats().state;
        if last.replace(state) != Some(state) {
            println!("\nstate {}", state.as_str());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A relay in a process of its own.
struct Process {
    child: Child,
    state: Arc<Mutex<String>>,
}

impl Process {
    fn start(url: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "processes::relay_process",
                "--nocapture",
            ])
            .env(PROCESS, url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let state = Arc::<Mutex<String>>::default();
        let (lines, seen) = (
            BufReader::new(child.stdout.take().unwrap()),
            Arc::clone(&state),
        );
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                if let Some(state) = line.strip_prefix("state ") {
                    state.clone_into(&mut seen.lock().unwrap());
                }
            }
        });
        Self { child, state }
    }

    fn leads(&self) -> bool {
        *self.state.lock().unwrap() == "leading"
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Checks the ledger: nothing is lost, and nothing comes before something older of its key. Returns the number of duplicates.
fn check_ledger(client: &mut Client, events: i64, keys: i64) -> usize {
    let lines = Ledger::lines(client);
    let mut seen: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for line in &lines {
        let seen = seen.entry(&line.key).or_default();
        if !seen.contains(&line.number) {
            let last = seen.last().copied().unwrap_or_default();
            assert!(last < line.number, "{line:?} comes after {last}");
            seen.push(line.number);
        }
    }
    let mut epochs: Vec<_> = lines.iter().map(|line| line.counter).collect();
    assert!(epochs.is_sorted(), "an old epoch has published");
    epochs.dedup();
    assert_eq!(seen.len(), usize::try_from(keys).unwrap());
    let total: usize = seen.values().map(Vec::len).sum();
    assert_eq!(total, usize::try_from(events).unwrap(), "events are lost");
    println!(
        "{events} events, {} epochs, {} duplicates",
        epochs.len(),
        lines.len() - total
    );
    lines.len() - total
}

fn write(url: &str, events: std::ops::RangeInclusive<i64>, keys: i64, pause: Duration) {
    let mut client = Client::connect(url, NoTls).unwrap();
    for number in events {
        let mut event = Fought::of(number);
        event.customer = format!("c{}", number % keys);
        send(&mut client, &FOUGHT, event, true);
        thread::sleep(pause);
    }
}

fn ledger_database(server: &PostgresServer, name: &str) -> (String, Client) {
    let url = server.database(name);
    let mut client = Client::connect(&url, NoTls).unwrap();
    pg::create_tables(&mut client).unwrap();
    Ledger::create(&mut client);
    (url, client)
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn relays_that_are_killed_lose_nothing_and_keep_the_order() {
    const KILLS: usize = 22;
    const KEYS: i64 = 11;
    const EVENTS: i64 = 8_000;
    let server = PostgresServer::shared();
    let (url, mut client) = ledger_database(&server, "kills");
    let writer = {
        let url = url.clone();
        thread::spawn(move || write(&url, 1..=EVENTS, KEYS, Duration::from_millis(1)))
    };
    let mut random = fastrand::Rng::with_seed(5);
    let mut processes = vec![Process::start(&url), Process::start(&url)];
    for _ in 0..KILLS {
        thread::sleep(Duration::from_millis(random.u64(50..400)));
        let leader = processes
            .iter()
            .position(Process::leads)
            .unwrap_or_default();
        // Its lease ends before another takes it, or the test would last for minutes.
        drop(processes.remove(leader));
        client
            .execute(
                "UPDATE events_outbox_lease SET until = clock_timestamp()",
                &[],
            )
            .unwrap();
        processes.push(Process::start(&url));
    }
    writer.join().unwrap();
    let client = Mutex::new(client);
    is_emptied(&client);
    let duplicates = check_ledger(&mut client.lock().unwrap(), EVENTS, KEYS);
    assert!(duplicates <= KILLS * 500, "at most a batch for each kill");
}

#[test]
#[cfg_attr(
    not(postgres_server),
    ignore = "needs a PostgreSQL server to be installed"
)]
fn a_relay_that_is_stopped_beyond_its_lease_is_replaced_and_changes_nothing() {
    const KEYS: i64 = 5;
    const EVENTS: i64 = 4_000;
    const STOPS: usize = 4;
    let server = PostgresServer::shared();
    let (url, client) = ledger_database(&server, "stops");
    let writer = {
        let url = url.clone();
        thread::spawn(move || write(&url, 1..=EVENTS, KEYS, Duration::from_millis(4)))
    };
    let processes = [Process::start(&url), Process::start(&url)];
    let leader = || processes.iter().position(Process::leads);
    for _ in 0..STOPS {
        eventually(|| leader().is_some(), || "one leads".into());
        thread::sleep(Duration::from_millis(300));
        let (stopped, other) = match leader() {
            Some(1) => (&processes[1], &processes[0]),
            _ => (&processes[0], &processes[1]),
        };
        stopped.signal("-STOP");
        eventually(
            || other.leads(),
            || "the other takes over after the lease".into(),
        );
        thread::sleep(Duration::from_millis(300));
        stopped.signal("-CONT");
        eventually(|| !stopped.leads(), || "the first has noticed".into());
    }
    writer.join().unwrap();
    let client = Mutex::new(client);
    is_emptied(&client);
    let duplicates = check_ledger(&mut client.lock().unwrap(), EVENTS, KEYS);
    assert!(duplicates <= STOPS * 500, "at most a batch for each stop");
}
