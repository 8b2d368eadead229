//! A proxy between clients and a server that delays, cuts, redirects and counts.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Passes bytes on between clients and a server.
pub struct Proxy {
    port: u16,
    clients: Arc<Mutex<Vec<TcpStream>>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    server: AtomicU16,
    held: AtomicBool,
    delay: AtomicU64,
    turns: AtomicU64,
}

impl Proxy {
    /// Starts a proxy in front of a server on this port. It lives as long as the process.
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let known = Arc::clone(&clients);
        let state = Arc::new(State::default());
        state.server.store(server, Ordering::SeqCst);
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = shared.server.load(Ordering::SeqCst);
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                let _ = client.set_nodelay(true);
                let _ = server.set_nodelay(true);
                known.lock().unwrap().push(client.try_clone().unwrap());
                let (from_client, from_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let there = Arc::clone(&shared);
                let back = Arc::clone(&shared);
                // The server has answered whatever the client has sent.
                let is_answered = Arc::new(AtomicBool::new(true));
                let answered = Arc::clone(&is_answered);
                thread::spawn(move || {
                    pass(from_client, server, &there, |state| {
                        if is_answered.swap(false, Ordering::SeqCst) {
                            state.turns.fetch_add(1, Ordering::SeqCst);
                        }
                        while state.held.load(Ordering::SeqCst) {
                            thread::sleep(Duration::from_millis(1));
                        }
                    });
                });
                thread::spawn(move || {
                    pass(from_server, client, &back, |_| {
                        answered.store(true, Ordering::SeqCst);
                    });
                });
            }
        });
        Self {
            port,
            clients,
            state,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Sends new connections to the server on another port.
    pub fn redirect(&self, server: u16) {
        self.state.server.store(server, Ordering::SeqCst);
    }

    /// Returns the number of times that a client sent something after it was answered, and sets it to zero.
    pub fn turns(&self) -> u64 {
        self.state.turns.swap(0, Ordering::SeqCst)
    }

    /// Keeps what clients send until [`release`](Self::release), also if they give up meanwhile.
    pub fn hold(&self) {
        self.state.held.store(true, Ordering::SeqCst);
    }

    pub fn release(&self) {
        self.state.held.store(false, Ordering::SeqCst);
    }

    /// Passes on at most 4096 bytes in this time, in each direction of each connection.
    pub fn delay(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.state.delay.store(millis, Ordering::SeqCst);
    }

    /// Ends the connections to the clients. The server goes on as if they were there.
    pub fn cut(&self) {
        for client in self.clients.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// Passes bytes on. The other side is told nothing of the end of this one.
fn pass(mut from: TcpStream, mut to: TcpStream, state: &State, note: impl Fn(&State)) {
    let mut bytes = vec![0; 1 << 20];
    loop {
        let delay = state.delay.load(Ordering::SeqCst);
        let most = if delay == 0 { bytes.len() } else { 4096 };
        let Ok(count @ 1..) = from.read(&mut bytes[..most]) else {
            break;
        };
        note(state);
        thread::sleep(Duration::from_millis(delay));
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // Neither socket may be closed, or the other side would notice.
    thread::park();
}
