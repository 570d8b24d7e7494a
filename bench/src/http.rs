//! HTTP/1.1 by hand over one kept connection: the bytes that go out are exactly those that were given.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::Result;

/// A kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was received and not yet given away.
    received: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In their order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Head and body, in bytes.
    pub(crate) size: usize,
}

impl Answer {
    /// The first header of this name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::with_capacity(8192) })
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// Reads one answer and says no more than its status: what a load generator can afford.
    pub(crate) fn skip_answer(&mut self) -> io::Result<u16> {
        let Received { head, whole, .. } = self.receive()?;
        let status = status(&self.received[..head]);
        self.received.drain(..whole);
        status.ok_or_else(|| malformed("no status"))
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let Received { head, whole, content } = self.receive()?;
        let text = String::from_utf8_lossy(&self.received[..head]).into_owned();
        let body = content.as_deref().unwrap_or(&self.received[head..whole]);
        let body = String::from_utf8_lossy(body).into_owned();
        self.received.drain(..whole);
        let status = status(text.as_bytes()).ok_or_else(|| malformed("no status"))?;
        let headers = text.lines().skip(1).filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Ok(Answer { status, headers, body, size: whole })
    }

    /// Receives until an answer is whole.
    fn receive(&mut self) -> io::Result<Received> {
        let mut buffer = [0; 8192];
        let mut known = None;
        loop {
            if known.is_none() {
                known = framing(&self.received)?;
            }
            match known {
                Some((head, Some(length))) if self.received.len() >= head + length => {
                    return Ok(Received { head, whole: head + length, content: None });
                }
                Some((head, None)) => {
                    if let Some((content, length)) = chunks(&self.received[head..])? {
                        return Ok(Received { head, whole: head + length, content: Some(content) });
                    }
                }
                _ => {}
            }
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&buffer[..count]),
            }
        }
    }
}

/// What a browser knows, as far as a server can tell: it keeps cookies, sends forms, and takes anything.
#[derive(Clone)]
pub(crate) struct Visitor {
    host: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn of(host: &str) -> Self {
        Self { host: host.to_owned(), cookies: BTreeMap::new() }
    }

    /// The request that this browser would send, as bytes.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Bench\r\n\
             Accept: */*\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\n",
            self.host
        );
        if !cookies.is_empty() {
            head += &format!("Cookie: {}\r\n", cookies.join("; "));
        }
        if method == "POST" {
            head += "Content-Type: application/x-www-form-urlencoded\r\n";
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        (head + "\r\n" + body).into_bytes()
    }

    /// Takes the cookies of an answer.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn has_cookie(&self, name: &str) -> bool {
        self.cookies.contains_key(name)
    }
}

/// A program's `POST` as bytes, with `headers` that each end their line.
pub(crate) fn post(host: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\nAccept: application/json\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A visitor with a connection of their own.
pub(crate) struct Browser {
    connection: Connection,
    visitor: Visitor,
}

impl Browser {
    pub(crate) fn open(address: SocketAddr, host: &str) -> io::Result<Self> {
        Ok(Self { connection: Connection::open(address)?, visitor: Visitor::of(host) })
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        let request = self.request("GET", path, "");
        self.exchange(&request)
    }

    /// Gets a CSRF token, and with it sends a form to a provider.
    pub(crate) fn submit(&mut self, provider: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let request = self.submission(provider, fields)?;
        Ok(self.exchange(&request)?)
    }

    /// The bytes of [`Self::submit`], to be sent many times.
    pub(crate) fn submission(&mut self, provider: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>> {
        let fields = [&[("json", "true")], fields].concat();
        self.form(&format!("/api/auth/callback/{provider}"), &fields)
    }

    /// A form with a new CSRF token, as bytes.
    pub(crate) fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>> {
        let csrf: serde_json::Value = serde_json::from_str(&self.get("/api/auth/csrf")?.body)?;
        let csrf = csrf["csrfToken"].as_str().ok_or("no CSRF token")?;
        let mut body = format!("csrfToken={csrf}&callbackUrl=%2F");
        for (name, value) in fields {
            body += &format!("&{name}={}", encoded(value));
        }
        Ok(self.request("POST", path, &body))
    }

    /// The request that this browser would send, as bytes.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        self.visitor.request(method, path, body)
    }

    pub(crate) fn has_cookie(&self, name: &str) -> bool {
        self.visitor.has_cookie(name)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.visitor.cookies.get(name).map(String::as_str)
    }

    /// The connection, and what the browser knew when it was given away.
    pub(crate) fn into_parts(self) -> (Connection, Visitor) {
        (self.connection, self.visitor)
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.connection.send(request)?;
        let answer = self.connection.answer()?;
        self.visitor.keep(&answer);
        Ok(answer)
    }
}

/// An answer that is there.
struct Received {
    /// Its head's length.
    head: usize,
    /// Head and body, in bytes.
    whole: usize,
    /// What a body says that came in chunks.
    content: Option<Vec<u8>>,
}

/// The length of the head, once it is whole, and that of the body, unless it comes in chunks.
fn framing(received: &[u8]) -> io::Result<Option<(usize, Option<usize>)>> {
    let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let head = end + 4;
    for line in received[..end].split(|byte| *byte == b'\n') {
        if let Some(value) = value(line, b"content-length:") {
            let length = value.parse().map_err(|_| malformed("a strange length"))?;
            return Ok(Some((head, Some(length))));
        }
        if value(line, b"transfer-encoding:").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Ok(Some((head, None)));
        }
    }
    Err(malformed("an answer without a length"))
}

/// The value of a header's line, if it is that header.
fn value<'l>(line: &'l [u8], name: &[u8]) -> Option<&'l str> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(std::str::from_utf8(value).ok()?.trim())
}

/// What a body in chunks says (RFC 9112 section 7.1), and its length as it was sent, once all of it is there.
fn chunks(body: &[u8]) -> io::Result<Option<(Vec<u8>, usize)>> {
    let (mut content, mut at) = (Vec::new(), 0);
    loop {
        let Some(end) = body[at..].windows(2).position(|bytes| bytes == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&body[at..at + end]).ok();
        let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
        let begin = at + end + 2;
        let end = begin + size.ok_or_else(|| malformed("a strange chunk"))?;
        if body.len() < end + 2 {
            return Ok(None);
        }
        // Trailers, which none of the servers sends, would stand here too.
        if &body[end..end + 2] != b"\r\n" {
            return Err(malformed("a chunk that does not end"));
        }
        if begin == end {
            return Ok(Some((content, end + 2)));
        }
        content.extend_from_slice(&body[begin..end]);
        at = end + 2;
    }
}

/// The number in `HTTP/1.1 200 OK`.
fn status(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
