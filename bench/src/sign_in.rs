//! Sign-ins in two requests, between which something happens elsewhere: at a provider, in a mailbox.

use std::time::{Duration, Instant};

use crate::{
    Bench, Result,
    http::{Answer, Browser, Connection, Visitor},
    load::{Load, Taken},
    measure::{Contender, median, ratio, take_turns, warm_up},
    report::Report,
    server::{HOST, Server},
    writes::WriteAheadLog,
};

/// Browsers, each with a person of its own and a sign-in under way at all times.
const BROWSERS: usize = 16;
const GOAL: f64 = 20.0;
const SESSION_COOKIE: &str = "authjs.session-token";

/// A way to sign in.
pub(crate) trait Way {
    /// The provider's id in addresses.
    fn id(&self) -> &str;

    /// What the person types into the form that begins it.
    fn fields(&self, person: usize) -> Vec<(&'static str, String)>;

    /// What happens elsewhere after the server's first answer: the address that the person comes back with.
    fn elsewhere(&self, person: usize, answer: &Answer) -> Result<String>;

    /// What was refused elsewhere, to explain a sign-in that failed.
    fn refused(&self) -> String;
}

/// Measures Keyward at one way to sign in, beside the core of next-auth 5 in memory under plain Node.js, and next-auth 5 on disk
/// as it is deployed. Counts what is written down.
pub(crate) fn beside_auth_js(
    bench: &Bench,
    report: &mut Report,
    what: &str,
    keyward: &Server,
    [in_memory, on_disk]: [&Server; 2],
    way: &dyn Way,
) -> Result {
    count_writes(report, what, keyward, way)?;
    count_writes_of_a_known(report, what, on_disk, way)?;
    let servers = [keyward, in_memory, on_disk];
    let contenders = servers.map(|server| Contender::new(server, || SignIns::open(server, way)));
    // V8 compiles what is called often. And everybody who signs in was there before.
    for contender in &contenders {
        warm_up(contender, bench.span * 2)?;
    }
    let rounds = take_turns(&contenders, bench.span)?;
    for (server, rounds) in servers.into_iter().zip(&rounds) {
        let per_cpu = median(rounds.iter().map(|figures| figures.per_cpu));
        report.figure(
            format!("{what}: {}", server.name),
            format!(
                "{per_cpu:.0} per CPU second, {:.3} ms of CPU each, {:.0} a second",
                1000.0 / per_cpu,
                median(rounds.iter().map(|figures| figures.per_second))
            ),
        );
    }
    for (server, others) in servers.into_iter().zip(&rounds).skip(1) {
        let (times, lowest, highest) = ratio(&rounds[0], others);
        report.goal(
            &format!("{what}: Keyward / {}", server.name),
            format!("{times:.0} times ({lowest:.0} to {highest:.0})"),
            &format!("≥ {GOAL:.0} times"),
            times >= GOAL,
        );
    }
    Ok(())
}

/// Commits to Keyward's database by each of the two requests: of somebody who is new, who comes again, and who comes again
/// in a browser that is still signed in.
fn count_writes(report: &mut Report, what: &str, keyward: &Server, way: &dyn Way) -> Result {
    let (log, mut lane) = counted(keyward, way)?;
    for visit in ["new", "known", "known and signed in"] {
        if visit == "known and signed in" {
            lane.stay_signed_in(way)?;
        }
        let [request, back] = lane.commits(&log, way)?;
        report.goal(
            &format!("{what}: store writes, {visit}"),
            format!("{request} by the request, {back} by the return"),
            "at most 1 each",
            request <= 1 && back <= 1,
        );
    }
    Ok(())
}

/// The same of a server without a goal, for somebody who comes again.
fn count_writes_of_a_known(report: &mut Report, what: &str, server: &Server, way: &dyn Way) -> Result {
    let (log, mut lane) = counted(server, way)?;
    lane.sign_in(way, || Ok(()))?;
    let [request, back] = lane.commits(&log, way)?;
    let name = server.name;
    report.figure(
        format!("{what}: store writes, known, {name}"),
        format!("{request} by the request, {back} by the return"),
    );
    if back == 0 {
        return Err(format!("{name} does not write down who signed in").into());
    }
    Ok(())
}

/// The write-ahead log of a server, and a browser whose visits are counted in it.
fn counted(server: &Server, way: &dyn Way) -> Result<(WriteAheadLog, Lane)> {
    let lane = Lane::open(server, way, BROWSERS)?;
    // Somebody else, so that there is a log to count in.
    Lane::open(server, way, BROWSERS + 1)?.sign_in(way, || Ok(()))?;
    Ok((WriteAheadLog::of(server.database())?, lane))
}

/// Many people who sign in at the same time, over and over.
struct SignIns<'w> {
    way: &'w dyn Way,
    lanes: Vec<Lane>,
}

impl<'w> SignIns<'w> {
    fn open(server: &Server, way: &'w dyn Way) -> Result<Self> {
        let lanes = (0..BROWSERS).map(|person| Lane::open(server, way, person)).collect::<Result<_>>()?;
        Ok(Self { way, lanes })
    }
}

impl Load for SignIns<'_> {
    /// Every sign-in that began is waited for: what it costs falls into the time that is counted.
    fn run(&mut self, span: Duration) -> Result<Taken> {
        let began = Instant::now();
        let mut answers = 0;
        for lane in &mut self.lanes {
            lane.begin()?;
        }
        while self.lanes.iter().any(Lane::is_under_way) {
            for lane in self.lanes.iter_mut().filter(|lane| lane.is_under_way()) {
                lane.go_on(self.way)?;
                if !lane.is_under_way() {
                    answers += 1;
                    if began.elapsed() < span {
                        lane.begin()?;
                    }
                }
            }
        }
        Ok(Taken { answers, span: began.elapsed() })
    }
}

/// One person at one browser. Before each sign-in it holds what it held before the first.
struct Lane {
    connection: Connection,
    before: Visitor,
    /// The form that begins a sign-in.
    first: Vec<u8>,
    person: usize,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Idle,
    Asked,
    CameBack,
}

impl Lane {
    fn open(server: &Server, way: &dyn Way, person: usize) -> Result<Self> {
        Self::in_browser(Browser::open(server.address, HOST)?, way, person)
    }

    fn in_browser(mut browser: Browser, way: &dyn Way, person: usize) -> Result<Self> {
        let fields = way.fields(person);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let first = browser.form(&format!("/api/auth/signin/{}", way.id()), &fields)?;
        let (connection, before) = browser.into_parts();
        Ok(Self { connection, before, first, person, step: Step::Idle })
    }

    fn is_under_way(&self) -> bool {
        self.step != Step::Idle
    }

    fn begin(&mut self) -> Result {
        self.step = Step::Asked;
        Ok(self.connection.send(&self.first)?)
    }

    /// Takes an answer, and asks what comes next.
    fn go_on(&mut self, way: &dyn Way) -> Result {
        if let Some(next) = self.receive(way)?.0 {
            self.connection.send(&next)?;
        }
        Ok(())
    }

    /// One whole sign-in, with a look at the world after each of its answers. Gives what the browser holds then.
    fn sign_in(&mut self, way: &dyn Way, mut after_each: impl FnMut() -> Result) -> Result<Visitor> {
        self.begin()?;
        let (next, _) = self.receive(way)?;
        after_each()?;
        self.connection.send(&next.ok_or("there is no way back")?)?;
        let (_, visitor) = self.receive(way)?;
        after_each()?;
        Ok(visitor)
    }

    /// Commits by each of the two requests of one sign-in.
    fn commits(&mut self, log: &WriteAheadLog, way: &dyn Way) -> Result<[usize; 2]> {
        let mut counts = vec![log.commits()?];
        self.sign_in(way, || {
            counts.push(log.commits()?);
            Ok(())
        })?;
        Ok([counts[1] - counts[0], counts[2] - counts[1]])
    }

    /// From here on the browser holds a session before it begins.
    fn stay_signed_in(&mut self, way: &dyn Way) -> Result {
        let visitor = self.sign_in(way, || Ok(()))?;
        let body = self.first.windows(4).position(|bytes| bytes == b"\r\n\r\n").ok_or("no form")? + 4;
        let body = String::from_utf8(self.first.split_off(body))?;
        self.first = visitor.request("POST", &format!("/api/auth/signin/{}", way.id()), &body);
        self.before = visitor;
        Ok(())
    }

    /// The next request, if there is one, and what the browser holds now.
    fn receive(&mut self, way: &dyn Way) -> Result<(Option<Vec<u8>>, Visitor)> {
        let answer = self.connection.answer()?;
        let failed = |why: &str| format!("{why}: {answer:?}; refused elsewhere: {}", way.refused());
        let mut visitor = self.before.clone();
        visitor.keep(&answer);
        if self.step == Step::CameBack {
            self.step = Step::Idle;
            let signed_in = answer.headers.iter().any(|(name, value)| {
                name == "set-cookie" && value.starts_with(SESSION_COOKIE) && !value.contains("Max-Age=0")
            });
            if answer.status != 302 || !signed_in {
                return Err(failed("nobody is signed in").into());
            }
            return Ok((None, visitor));
        }
        self.step = Step::CameBack;
        let back = way.elsewhere(self.person, &answer).map_err(|fault| failed(&fault.to_string()))?;
        let path = back.strip_prefix(crate::server::PUBLIC_URL).ok_or_else(|| failed("back to elsewhere"))?;
        let next = visitor.request("GET", path, "");
        Ok((Some(next), visitor))
    }
}
