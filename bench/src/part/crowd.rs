//! (j): memory while many people are signed in.

use std::{thread, time::Duration};

use super::{
    overload::mib,
    session::{CONNECTIONS, PASSWORD, SESSION_COOKIE, SESSION_PATH},
};
use crate::{
    Bench, Result,
    back_end::BackEnd,
    http::{Answer, Browser, Connection},
    process,
    report::Report,
    server::{HOST, Server},
};

const PEOPLE: usize = 100_000;
const GOAL: u64 = 120 * 1024 * 1024;
/// Stands for a person's number in the form that is sent for each.
const NUMBER: &str = "NNNNNN";

/// Signs a hundred thousand people in, reads each one's session, and looks at what is resident.
pub(crate) fn memory(bench: &Bench, report: &mut Report) -> Result {
    for strategy in ["stored", "sealed"] {
        let back_end = BackEnd::start()?;
        let more = format!("session.strategy = \"{strategy}\"\n{}", back_end.tables(false));
        let keyward = Server::keyward_configured(&bench.programs, &more)?;
        let idle = process::memory(keyward.process())?;
        let cookies = sign_in(&keyward)?;
        read(&keyward, &cookies)?;
        thread::sleep(Duration::from_secs(1));
        let (now, most) = (process::memory(keyward.process())?, process::most_memory(keyward.process())?);
        report.goal(
            &format!("(j) memory with 100,000 live sessions, {strategy}"),
            format!("{} idle, {} with them, {} at most", mib(idle), mib(now), mib(most)),
            &format!("< {}", mib(GOAL)),
            most < GOAL,
        );
    }
    Ok(())
}

/// The session cookies of all people, by their numbers.
fn sign_in(keyward: &Server) -> Result<Vec<String>> {
    let email = format!("person{NUMBER}@example.com");
    let mut browser = Browser::open(keyward.address, HOST)?;
    let form = browser.submission("login", &[("email", &email), ("password", PASSWORD)])?;
    let form = String::from_utf8(form)?;
    let mut cookies = Vec::with_capacity(PEOPLE);
    let request = |person: usize| form.replace(NUMBER, &number(person)).into_bytes();
    for_everybody(keyward, request, |person, answer| {
        let cookies_set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let cookie = cookies_set
            .filter_map(|(_, cookie)| cookie.split(';').next())
            .find(|cookie| cookie.starts_with(SESSION_COOKIE))
            .ok_or_else(|| format!("signing in person {person}: {answer:?}"))?;
        cookies.push(cookie.to_owned());
        Ok(())
    })?;
    Ok(cookies)
}

/// Everybody's session is alive, and theirs.
fn read(keyward: &Server, cookies: &[String]) -> Result {
    let request = |person: usize| {
        let cookie = &cookies[person];
        format!("GET {SESSION_PATH} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n").into_bytes()
    };
    for_everybody(keyward, request, |person, answer| {
        let is_theirs = answer.body.contains(&format!("person{}@example.com", number(person)));
        if is_theirs { Ok(()) } else { Err(format!("the session of person {person}: {answer:?}").into()) }
    })
}

/// One request for each person, of as many at once as there are connections; the answers in the people's order.
fn for_everybody(
    keyward: &Server,
    request: impl Fn(usize) -> Vec<u8>,
    mut take: impl FnMut(usize, &Answer) -> Result,
) -> Result {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(keyward.address)?);
    }
    for first in (0..PEOPLE).step_by(CONNECTIONS) {
        let people = first..PEOPLE.min(first + CONNECTIONS);
        for (person, connection) in people.clone().zip(&mut connections) {
            connection.send(&request(person))?;
        }
        for (person, connection) in people.zip(&mut connections) {
            take(person, &connection.answer()?)?;
        }
    }
    Ok(())
}

fn number(person: usize) -> String {
    format!("{person:06}")
}
