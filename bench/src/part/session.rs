//! `GET /api/auth/session` by Keyward, by the bare server, and by NextAuth 4.

use crate::{
    Bench, Result,
    http::{Answer, Browser, Connection},
    measure::{Contender, Figures, median, ratio, take_turns},
    report::Report,
    server::{HOST, Server},
};

/// Connections, each with a request under way at all times and a session of its own.
pub(crate) const CONNECTIONS: usize = 32;
const GOAL: f64 = 0.80;
const GOAL_BESIDE_NEXT: f64 = 40.0;

pub(crate) const SESSION_PATH: &str = "/api/auth/session";
pub(crate) const SESSION_COOKIE: &str = "next-auth.session-token";
pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "tangerine-lighthouse-quorum-41";

/// (a): the session is sealed in the cookie: opened, sealed anew, set.
pub(crate) fn sealed(bench: &Bench, report: &mut Report) -> Result {
    let keyward = Server::keyward(&bench.programs, "sealed")?;
    let bare = Server::bare(&bench.programs, None)?;
    let requests = signed_in(&keyward)?;
    compare(bench, report, "(a) session, sealed", [&keyward, &bare], &requests)
}

/// (b): the session is stored: one row by its key.
pub(crate) fn stored(bench: &Bench, report: &mut Report) -> Result {
    let keyward = Server::keyward(&bench.programs, "stored")?;
    // The same rows, of the same file.
    let bare = Server::bare(&bench.programs, Some(&keyward.database()))?;
    let requests = signed_in(&keyward)?;
    compare(bench, report, "(b) session, stored", [&keyward, &bare], &requests)
}

/// (c): a browser that was never here: random bytes, a hash, two cookies.
pub(crate) fn without_a_cookie(bench: &Bench, report: &mut Report) -> Result {
    let keyward = Server::keyward(&bench.programs, "sealed")?;
    let bare = Server::bare(&bench.programs, None)?;
    let request = Browser::open(keyward.address, HOST)?.request("GET", SESSION_PATH, "");
    compare(bench, report, "(c) session, no cookie", [&keyward, &bare], &vec![request; CONNECTIONS])
}

/// (a) beside NextAuth 4 in a production build of Next.js.
pub(crate) fn beside_next(bench: &Bench, report: &mut Report) -> Result {
    let keyward = Server::keyward(&bench.programs, "sealed")?;
    let hash = super::password::hash(PASSWORD)?;
    let next = Server::next(&bench.programs, &hash)?;
    let (own, nexts) = (signed_in(&keyward)?, signed_in_browsers(&next, "credentials")?);
    let shown = |server: &Server, request: &[u8]| {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(ask(server, request)?.body.contains(EMAIL))
    };
    if !shown(&keyward, &own[0])? || !shown(&next, &nexts[0])? {
        return Err("a session does not say whose it is".into());
    }
    let contenders = [Contender::asked(&keyward, &own), Contender::asked(&next, &nexts)];
    // V8 compiles what is called often: without this its first rounds would be slower than it is.
    crate::measure::warm_up(&contenders[1], bench.span * 2)?;
    let rounds = take_turns(&contenders, bench.span)?;
    let what = "(a) beside NextAuth 4";
    describe(report, what, &keyward, &rounds[0]);
    describe(report, what, &next, &rounds[1]);
    let (times, lowest, highest) = ratio(&rounds[0], &rounds[1]);
    report.goal(
        &format!("{what}: Keyward / NextAuth 4"),
        format!("{times:.0} times ({lowest:.0} to {highest:.0})"),
        &format!("≥ {GOAL_BESIDE_NEXT:.0} times"),
        times >= GOAL_BESIDE_NEXT,
    );
    Ok(())
}

fn compare(
    bench: &Bench,
    report: &mut Report,
    what: &str,
    servers: [&Server; 2],
    requests: &[Vec<u8>],
) -> Result {
    share(bench, report, what, servers, requests, GOAL)
}

/// Keyward beside a bare server that answers the same requests with the same: as a share of what that one does, which
/// is to reach `goal`.
pub(crate) fn share(
    bench: &Bench,
    report: &mut Report,
    what: &str,
    [keyward, bare]: [&Server; 2],
    requests: &[Vec<u8>],
    goal: f64,
) -> Result {
    let size = same_answers(&ask(keyward, &requests[0])?, &ask(bare, &requests[0])?)?;
    let contenders = [Contender::asked(keyward, requests), Contender::asked(bare, requests)];
    let rounds = take_turns(&contenders, bench.span)?;
    report.figure(format!("{what}: an answer of both"), format!("{size} bytes"));
    describe(report, what, keyward, &rounds[0]);
    describe(report, what, bare, &rounds[1]);
    let (share, lowest, highest) = ratio(&rounds[0], &rounds[1]);
    report.goal(
        &format!("{what}: {} / {}", keyward.name, bare.name),
        format!("{share:.2} ({lowest:.2} to {highest:.2})"),
        &format!("≥ {goal:.2}"),
        share >= goal,
    );
    Ok(())
}

pub(crate) fn describe(report: &mut Report, what: &str, server: &Server, rounds: &[Figures]) {
    let per_cpu = median(rounds.iter().map(|figures| figures.per_cpu));
    let per_second = median(rounds.iter().map(|figures| figures.per_second));
    report.figure(
        format!("{what}: {}", server.name),
        format!("{per_cpu:.0} per CPU second, {per_second:.0} a second"),
    );
}

/// Makes an account at a Keyward and signs it in from as many browsers as there are connections. Gives what
/// each of them asks for its session.
pub(crate) fn signed_in(keyward: &Server) -> Result<Vec<Vec<u8>>> {
    let answer = Browser::open(keyward.address, HOST)?
        .submit("signup", &[("email", EMAIL), ("password", PASSWORD)])?;
    if answer.status != 200 {
        return Err(format!("signing up: {answer:?}").into());
    }
    signed_in_browsers(keyward, "credentials")
}

/// What the browsers ask for their sessions, each signed in at `provider`.
pub(crate) fn signed_in_browsers(server: &Server, provider: &str) -> Result<Vec<Vec<u8>>> {
    let mut requests = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut browser = Browser::open(server.address, HOST)?;
        let answer = browser.submit(provider, &[("email", EMAIL), ("password", PASSWORD)])?;
        if !browser.has_cookie(SESSION_COOKIE) {
            return Err(format!("signing in: {answer:?}").into());
        }
        // The first read may write down that the session is in use; this is about all the others.
        browser.get(SESSION_PATH)?;
        requests.push(browser.request("GET", SESSION_PATH, ""));
    }
    Ok(requests)
}

pub(crate) fn ask(server: &Server, request: &[u8]) -> Result<Answer> {
    let mut connection = Connection::open(server.address)?;
    connection.send(request)?;
    Ok(connection.answer()?)
}

/// Whether two answers are the same but for what is random or counted: status, names of the headers, length of
/// each value, body. Gives their size in bytes.
pub(crate) fn same_answers(one: &Answer, other: &Answer) -> Result<usize> {
    let shape = |answer: &Answer| {
        let lengths = answer.headers.iter().map(|(name, value)| match name.as_str() {
            // Ends in a counter.
            "x-request-id" => (name.clone(), 0),
            _ => (name.clone(), value.len()),
        });
        let mut lengths: Vec<(String, usize)> = lengths.collect();
        lengths.sort();
        (answer.status, lengths, answer.body.len())
    };
    if shape(one) == shape(other) {
        return Ok(one.size);
    }
    Err(format!("the servers do not send the same: {one:#?}\n{other:#?}").into())
}
