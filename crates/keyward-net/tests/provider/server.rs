//! A server on this machine.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// A server of many connections that takes down each request and answers by its path.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    connected: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn answering(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        Self::own_port(move |path, _| answer(path))
    }

    /// As [`Self::answering`], for one that has to know its own port.
    pub(crate) fn own_port(answer: impl Fn(&str, u16) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connected = Arc::new(AtomicUsize::new(0));
        let (all, count) = (Arc::clone(&seen), Arc::clone(&connected));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a client");
                count.fetch_add(1, Ordering::SeqCst);
                let request = request(&mut stream);
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                all.lock().expect("a lock").push(request);
                let _ = stream.write_all(answer(&path, port).as_bytes());
            }
        });
        Self { port, seen, connected }
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("a lock").clone()
    }

    /// How many came, also those that said nothing that we understand (TLS).
    pub(crate) fn connected(&self) -> usize {
        self.connected.load(Ordering::SeqCst)
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.seen().iter().filter_map(|request| Some(request.split(' ').nth(1)?.to_owned())).collect()
    }
}

fn request(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        if stream.read_exact(&mut byte).is_err() {
            return "nothing".to_owned();
        }
        seen.push(byte[0]);
    }
    let head = String::from_utf8(seen).expect("ASCII");
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("the body");
    head + &String::from_utf8(body).expect("UTF-8")
}

pub(crate) fn answer(status: u16, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
