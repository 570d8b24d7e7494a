//! Load on a server: as much as it takes, or as much as comes.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{Result, http::Connection};

/// What a server took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) answers: u32,
    pub(crate) span: Duration,
}

/// What keeps a server busy.
pub(crate) trait Load {
    /// Keeps it busy for `span`.
    fn run(&mut self, span: Duration) -> Result<Taken>;
}

/// Connections that each have a request under way at all times: one thread answers and asks in turn, which
/// costs it two system calls a request.
pub(crate) struct Closed {
    lanes: Vec<(Connection, Vec<u8>)>,
    expected: u16,
}

impl Closed {
    /// One connection for each request; every one of them is sent again and again. An answer of another
    /// status than `expected` ends the measurement.
    pub(crate) fn open(address: SocketAddr, requests: &[Vec<u8>], expected: u16) -> Result<Self> {
        let mut lanes = Vec::new();
        for request in requests {
            let mut connection = Connection::open(address)?;
            connection.send(request)?;
            lanes.push((connection, request.clone()));
        }
        Ok(Self { lanes, expected })
    }
}

impl Load for Closed {
    fn run(&mut self, span: Duration) -> Result<Taken> {
        let began = Instant::now();
        let mut answers = 0;
        while began.elapsed() < span {
            for (connection, request) in &mut self.lanes {
                let status = connection.skip_answer()?;
                if status != self.expected {
                    return Err(format!("status {status} where {} was expected", self.expected).into());
                }
                connection.send(request)?;
                answers += 1;
            }
        }
        Ok(Taken { answers, span: began.elapsed() })
    }
}

/// One answer to a request that came when it came, whether the server had time or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) status: u16,
    /// From the moment when the request was due, not when it could be sent.
    pub(crate) latency: Duration,
    pub(crate) has_retry_after: bool,
}

/// Requests at a fixed rate, a second, from many connections. A connection that still waits when its next
/// request is due sends it late, and the wait counts.
pub(crate) fn at_rate(
    address: SocketAddr,
    request: &[u8],
    rate: f64,
    connections: u32,
    span: Duration,
) -> Result<Vec<Served>> {
    let served = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    let gap = Duration::from_secs_f64(1.0 / rate);
    // All are connected before the first request is due.
    let lanes = (0..connections).map(|_| Connection::open(address)).collect::<io::Result<Vec<_>>>()?;
    let began = Instant::now();
    thread::scope(|scope| {
        for (lane, mut connection) in (0..).zip(lanes) {
            let (served, failed) = (&served, &failed);
            let lane = move || {
                let mut own = Vec::new();
                let mut due = gap * lane;
                while due < span && !failed.load(Ordering::Relaxed) {
                    thread::sleep((began + due).saturating_duration_since(Instant::now()));
                    match one(&mut connection, request, began + due) {
                        Ok(answer) => own.push(answer),
                        Err(_) => failed.store(true, Ordering::Relaxed),
                    }
                    due += gap * connections;
                }
                served.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
            };
            // Many threads that mostly sleep: small stacks.
            let thread = thread::Builder::new().stack_size(256 * 1024);
            if thread.spawn_scoped(scope, lane).is_err() {
                failed.store(true, Ordering::Relaxed);
            }
        }
    });
    if failed.into_inner() {
        return Err("a connection broke, or a thread could not be started".into());
    }
    Ok(served.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn one(connection: &mut Connection, request: &[u8], due: Instant) -> io::Result<Served> {
    connection.send(request)?;
    let answer = connection.answer()?;
    let has_retry_after = answer.headers.iter().any(|(name, _)| name == "retry-after");
    Ok(Served { status: answer.status, latency: due.elapsed(), has_retry_after })
}
