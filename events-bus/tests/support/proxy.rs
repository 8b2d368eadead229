//! Something between a client and a server that loses the one and does not tell the other.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Passes bytes on between clients and a server.
pub struct Proxy {
    port: u16,
    clients: Arc<Mutex<Vec<TcpStream>>>,
    held: Arc<AtomicBool>,
    delay: Arc<AtomicU64>,
}

impl Proxy {
    /// In front of a server on this port. It lives as long as the process.
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let clients: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let known = Arc::clone(&clients);
        let held = Arc::new(AtomicBool::new(false));
        let holds = Arc::clone(&held);
        let delay = Arc::new(AtomicU64::new(0));
        let waits = Arc::clone(&delay);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                known.lock().unwrap().push(client.try_clone().unwrap());
                let (from_client, from_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (holds, waits) = (Arc::clone(&holds), Arc::clone(&waits));
                let waits_back = Arc::clone(&waits);
                thread::spawn(move || pass(from_client, server, &holds, &waits));
                thread::spawn(move || {
                    pass(from_server, client, &AtomicBool::new(false), &waits_back);
                });
            }
        });
        Self {
            port,
            clients,
            held,
            delay,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Keeps what clients send until [`release`](Self::release), also if they give up meanwhile.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    pub fn release(&self) {
        self.held.store(false, Ordering::SeqCst);
    }

    /// Passes on at most 4096 bytes in this time, in each direction of each connection.
    pub fn delay(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap();
        self.delay.store(millis, Ordering::SeqCst);
    }

    /// Ends the connections to the clients. The server goes on as if they were there.
    pub fn cut(&self) {
        for client in self.clients.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// The other side is told nothing of the end of this one.
fn pass(mut from: TcpStream, mut to: TcpStream, held: &AtomicBool, delay: &AtomicU64) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        thread::sleep(Duration::from_millis(delay.load(Ordering::SeqCst)));
        while held.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // Neither socket may be closed, or the other side would notice.
    thread::park();
}
