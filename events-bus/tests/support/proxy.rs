//! Something between a client and a server that loses the one and does not tell the other.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses its part, and a test that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Passes bytes on between clients and a server.
pub struct Proxy {
    port: u16,
    clients: Arc<Mutex<Vec<TcpStream>>>,
    held: Arc<AtomicBool>,
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
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                known.lock().unwrap().push(client.try_clone().unwrap());
                let (from_client, from_server) =
                    (client.try_clone().unwrap(), server.try_clone().unwrap());
                let holds = Arc::clone(&holds);
                thread::spawn(move || pass(from_client, server, &holds));
                thread::spawn(move || pass(from_server, client, &AtomicBool::new(false)));
            }
        });
        Self {
            port,
            clients,
            held,
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

    /// Ends the connections to the clients. The server goes on as if they were there.
    pub fn cut(&self) {
        for client in self.clients.lock().unwrap().drain(..) {
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// The other side is told nothing of the end of this one.
fn pass(mut from: TcpStream, mut to: TcpStream, held: &AtomicBool) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
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
