//! A mail server on loopback (RFC 5321) that keeps the link of the last mail to each address.
//!
//! It takes mails with one recipient and a link in their text; anything else it refuses. STARTTLS it does not offer.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use crate::{Result, server::PUBLIC_URL};

/// A running mail server; it ends with the process.
pub(crate) struct Mailbox {
    address: SocketAddr,
    shelves: Arc<Mutex<Shelves>>,
}

#[derive(Default)]
struct Shelves {
    links: HashMap<String, String>,
    refused: Vec<String>,
}

impl Mailbox {
    /// Listens on a free loopback port, in threads of its own beside the load.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shelves = Arc::<Mutex<Shelves>>::default();
        let kept = Arc::clone(&shelves);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelves = Arc::clone(&kept);
                // A client that hangs up is none of the measurement's business.
                thread::spawn(move || drop(talk(&stream, &shelves)));
            }
        });
        Ok(Self { address, shelves })
    }

    /// As a setting of a mail program.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The link of the last mail to `address`, once.
    pub(crate) fn take(&self, address: &str) -> Option<String> {
        lock(&self.shelves).links.remove(address)
    }

    /// What was refused so far.
    pub(crate) fn refused(&self) -> String {
        lock(&self.shelves).refused.join("; ")
    }
}

/// What one client wants to send.
#[derive(Default)]
struct Envelope {
    from: bool,
    to: Option<String>,
}

fn talk(stream: &TcpStream, shelves: &Mutex<Shelves>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes());
    say("220 localhost ESMTP")?;
    let mut envelope = Envelope::default();
    let mut line = String::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_ascii_uppercase();
        match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say("250-localhost\r\n250-8BITMIME\r\n250 SMTPUTF8")?,
            "MAIL" if !envelope.from => {
                envelope.from = true;
                say("250 2.1.0 OK")?;
            }
            "RCPT" if envelope.from && envelope.to.is_none() => {
                let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
                envelope.to = address.map(|(address, _)| address.to_owned());
                say("250 2.1.5 OK")?;
            }
            "DATA" if envelope.to.is_some() => {
                say("354 Go on")?;
                let mail = data(&mut reader)?;
                match link(&mail, &envelope) {
                    Ok((to, link)) => {
                        lock(shelves).links.insert(to, link);
                        say("250 2.0.0 OK")?;
                    }
                    Err(fault) => {
                        lock(shelves).refused.push(fault.to_string());
                        say("554 5.6.0 This is not the mail that was expected")?;
                    }
                }
                envelope = Envelope::default();
            }
            "RSET" => {
                envelope = Envelope::default();
                say("250 2.0.0 OK")?;
            }
            "NOOP" => say("250 2.0.0 OK")?,
            "QUIT" => return say("221 2.0.0 Bye"),
            _ => {
                lock(shelves).refused.push(format!("the command {}", line.trim_end()));
                say("503 5.5.1 Not now")?;
            }
        }
    }
}

/// The mail up to the line with a dot alone.
fn data(reader: &mut impl BufRead) -> io::Result<String> {
    let mut mail = String::new();
    loop {
        let begin = mail.len();
        if reader.read_line(&mut mail)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match &mail[begin..] {
            ".\r\n" => {
                mail.truncate(begin);
                return Ok(mail);
            }
            line if line.starts_with('.') => drop(mail.remove(begin)),
            _ => {}
        }
    }
}

/// Who the mail is for, and the link in its text.
fn link(mail: &str, envelope: &Envelope) -> Result<(String, String)> {
    let to = envelope.to.clone().ok_or("nobody to take it")?;
    let (head, parts) = mail.split_once("\r\n\r\n").ok_or("no head")?;
    let has = |start: &str| head.lines().any(|line| line.starts_with(start));
    if !has("From: ") || !has("Subject: ") || !head.contains(&to) || !parts.contains("text/html") {
        return Err(format!("a mail without sender, recipient, subject or HTML: {mail}").into());
    }
    let (_, part) = parts.split_once("Content-Type: text/plain").ok_or("no text")?;
    let (head, part) = part.split_once("\r\n\r\n").ok_or("no head of the text")?;
    let text = part.split_once("\r\n--").ok_or("no end of the text")?.0;
    let text = if head.contains("quoted-printable") { unquoted(text)? } else { text.to_owned() };
    let begin = text.find(&format!("{PUBLIC_URL}/api/auth/callback/email?")).ok_or("no link")?;
    let link = text[begin..].split_whitespace().next().ok_or("no link")?;
    Ok((to, link.to_owned()))
}

/// Undoes quoted-printable (RFC 2045 section 6.7).
fn unquoted(text: &str) -> Result<String> {
    let mut pieces = text.split('=');
    let mut out = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        if let Some(next_line) = piece.strip_prefix("\r\n") {
            out.extend_from_slice(next_line.as_bytes());
        } else {
            let (digits, rest) = piece.split_at_checked(2).ok_or("broken quoted-printable")?;
            out.push(u8::from_str_radix(digits, 16)?);
            out.extend_from_slice(rest.as_bytes());
        }
    }
    Ok(String::from_utf8(out)?)
}

fn lock(shelves: &Mutex<Shelves>) -> MutexGuard<'_, Shelves> {
    shelves.lock().unwrap_or_else(PoisonError::into_inner)
}
