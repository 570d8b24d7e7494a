//! (f): rotating refresh, by Keyward and by npm's oidc-provider.

use std::{
    cell::RefCell,
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    session::{ask, describe},
    token::{AUDIENCE, SCOPE, account, call, claims, keys, keyward},
};
use crate::{
    Bench, Result,
    http::{Answer, Connection, post},
    load::{Load, Taken},
    measure::{Contender, ratio, take_turns, warm_up},
    report::Report,
    server::{HOST, Server},
    writes::WriteAheadLog,
};

/// Connections, each with a refresh under way at all times.
const LANES: usize = 16;
/// Families of each lane: one after the other is refreshed, each with the token that it got last.
const FAMILIES: usize = 8;
const GOAL: f64 = 3.0;
const CLIENT: &str = "bench";

/// Keyward's refresh is on disk when it answers; oidc-provider keeps its tokens in maps.
pub(crate) fn rotating(bench: &Bench, report: &mut Report) -> Result {
    let what = "(f) refresh";
    let own = keyward(bench)?;
    check_keyward(report, &own, &first_token(&own)?)?;
    let tokens = (0..LANES * FAMILIES).map(|_| first_token(&own)).collect::<Result<Vec<_>>>()?;
    let own_load = lanes(&tokens);

    let families = LANES * FAMILIES + 1;
    let orders = json!({ "client": CLIENT, "audience": AUDIENCE, "scope": SCOPE, "families": families });
    let other = Server::oidc_provider(&bench.programs, orders)?;
    let mut tokens: Vec<String> = serde_json::from_str(&get(&other, "/first")?.body)?;
    check_oidc_provider(&other, &tokens.pop().ok_or("no family")?)?;
    let other_load = lanes(&tokens);

    let contenders = [
        Contender::new(&own, || Refreshes::open(&own, &KEYWARD, &own_load)),
        Contender::new(&other, || Refreshes::open(&other, &OIDC_PROVIDER, &other_load)),
    ];
    // V8 compiles what is called often.
    for contender in &contenders {
        warm_up(contender, bench.span * 2)?;
    }
    let rounds = take_turns(&contenders, bench.span)?;
    describe(report, what, &own, &rounds[0]);
    describe(report, what, &other, &rounds[1]);
    let (times, lowest, highest) = ratio(&rounds[0], &rounds[1]);
    report.goal(
        &format!("{what}: Keyward / oidc-provider"),
        format!("{times:.1} times ({lowest:.1} to {highest:.1})"),
        &format!("≥ {GOAL:.0} times"),
        times >= GOAL,
    );
    Ok(())
}

/// The good tokens of each lane's families, the next one first. They outlive the load, which each round opens anew.
type Families = RefCell<Vec<VecDeque<String>>>;

fn lanes(tokens: &[String]) -> Families {
    RefCell::new(tokens.chunks(FAMILIES).map(|families| families.iter().cloned().collect()).collect())
}

struct Refreshes<'a> {
    connections: Vec<Connection>,
    dialect: &'a Dialect,
    families: &'a Families,
}

impl<'a> Refreshes<'a> {
    fn open(server: &Server, dialect: &'a Dialect, families: &'a Families) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..LANES {
            connections.push(Connection::open(server.address)?);
        }
        Ok(Self { connections, dialect, families })
    }
}

impl Load for Refreshes<'_> {
    /// Every refresh that began is waited for: what it costs falls into the time that is counted.
    fn run(&mut self, span: Duration) -> Result<Taken> {
        let began = Instant::now();
        let mut answers = 0;
        let mut families = self.families.borrow_mut();
        let mut lanes: Vec<_> = self.connections.iter_mut().zip(families.iter_mut()).collect();
        for (connection, tokens) in &mut lanes {
            connection.send(&(self.dialect.request)(&tokens[0]))?;
        }
        let mut goes_on = true;
        while goes_on {
            goes_on = began.elapsed() < span;
            for (connection, tokens) in &mut lanes {
                let (next, _) = self.dialect.tokens(&tokens[0], &connection.answer()?)?;
                answers += 1;
                tokens.rotate_left(1);
                if let Some(used) = tokens.back_mut() {
                    *used = next;
                }
                if goes_on {
                    connection.send(&(self.dialect.request)(&tokens[0]))?;
                }
            }
        }
        Ok(Taken { answers, span: began.elapsed() })
    }
}

/// How a server is asked, and where its answer has the next token.
struct Dialect {
    request: fn(&str) -> Vec<u8>,
    refresh_token: &'static str,
    access_token: &'static str,
}

const KEYWARD: Dialect = Dialect {
    request: |token| {
        let body = format!("{{\"refreshToken\":\"{token}\"}}");
        post(HOST, "/api/auth/-/v1/refresh", "Content-Type: application/json\r\n", &body)
    },
    refresh_token: "refreshToken",
    access_token: "accessToken",
};

const OIDC_PROVIDER: Dialect = Dialect {
    request: |token| {
        let body = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
        post(HOST, "/token", "Content-Type: application/x-www-form-urlencoded\r\n", &body)
    },
    refresh_token: "refresh_token",
    access_token: "access_token",
};

impl Dialect {
    /// The next refresh token and the access token of an answer to a refresh with `used`.
    fn tokens(&self, used: &str, answer: &Answer) -> Result<(String, String)> {
        let body: Value = serde_json::from_str(&answer.body)?;
        let token = |name: &str| body[name].as_str().filter(|token| *token != used).map(str::to_owned);
        match (answer.status, token(self.refresh_token), token(self.access_token)) {
            (200, Some(refresh), Some(access)) => Ok((refresh, access)),
            _ => Err(format!("a refresh is answered with {answer:?}").into()),
        }
    }
}

/// Rotation, the token, the grace, and one write: what a refresh is, seen once.
fn check_keyward(report: &mut Report, keyward: &Server, first: &str) -> Result {
    let log = WriteAheadLog::of(keyward.database())?;
    let before = log.commits()?;
    let (second, access) = KEYWARD.tokens(first, &ask(keyward, &(KEYWARD.request)(first))?)?;
    let writes = log.commits()? - before;
    report.figure("(f) refresh: store writes", format!("{writes} by each"));
    if writes == 0 {
        return Err("Keyward does not write a refresh down".into());
    }
    is_for_the_audience(&claims(&keys(keyward)?, &access)?)?;
    // Within the grace a used token is answered with the same successor.
    let (again, _) = KEYWARD.tokens(first, &ask(keyward, &(KEYWARD.request)(first))?)?;
    if again != second {
        return Err("a used token has two successors".into());
    }
    Ok(())
}

/// Rotation, the token, and that a used one is refused.
fn check_oidc_provider(other: &Server, first: &str) -> Result {
    let (_, access) = OIDC_PROVIDER.tokens(first, &ask(other, &(OIDC_PROVIDER.request)(first))?)?;
    is_for_the_audience(&claims(&get(other, "/jwks")?.body, &access)?)?;
    let again = ask(other, &(OIDC_PROVIDER.request)(first))?;
    if again.status != 400 {
        return Err(format!("a used token is answered with {again:?}").into());
    }
    Ok(())
}

fn is_for_the_audience(claims: &Value) -> Result {
    let fine = claims["aud"] == AUDIENCE && claims["scope"] == SCOPE;
    if fine { Ok(()) } else { Err(format!("an access token for somebody else: {claims}").into()) }
}

fn first_token(keyward: &Server) -> Result<String> {
    let answer = call(keyward, "sign-in", &account())?;
    Ok(answer["refreshToken"].as_str().ok_or("no refresh token")?.to_owned())
}

fn get(server: &Server, path: &str) -> Result<Answer> {
    ask(server, format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes())
}
