//! Keyward beside Better Auth where both do the same: reading a stored session, and an access token for one.

use serde_json::{Value, json};

use super::{
    session::{CONNECTIONS, EMAIL, PASSWORD, ask, describe, signed_in},
    token::{AUDIENCE, claims, keys, keyward_with, requests},
};
use crate::{
    Bench, Result,
    http::{Answer, Browser, post},
    measure::{Contender, ratio, take_turns, warm_up},
    report::Report,
    server::{HOST, PUBLIC_URL, Server},
};

/// Both keep sessions in SQLite, on disk, and look there each time.
pub(crate) fn beside(bench: &Bench, report: &mut Report) -> Result {
    read(bench, report)?;
    issue(bench, report)
}

/// As (b).
fn read(bench: &Bench, report: &mut Report) -> Result {
    let own = Server::keyward(&bench.programs, "stored")?;
    let better = Server::better_auth(&bench.programs, None)?;
    let requests = [signed_in(&own)?, sessions(&better, "/api/auth/get-session")?];
    for (server, requests) in [&own, &better].into_iter().zip(&requests) {
        let session: Value = serde_json::from_str(&ask(server, &requests[0])?.body)?;
        if session["user"]["email"] != EMAIL {
            return Err(format!("{} does not say whose session it is: {session}", server.name).into());
        }
    }
    compare(bench, report, "(b) beside Better Auth", [&own, &better], &requests)
}

/// As (g), with stored sessions.
fn issue(bench: &Bench, report: &mut Report) -> Result {
    let own = keyward_with(bench, "stored")?;
    let better = Server::better_auth(&bench.programs, Some(AUDIENCE))?;
    let requests = [requests(&own)?, sessions(&better, "/api/auth/token")?];
    let better_keys = Browser::open(better.address, HOST)?.get("/api/auth/jwks")?.body;
    let keys = [(&own, keys(&own)?, "accessToken"), (&better, better_keys, "token")];
    for ((server, keys, name), requests) in keys.iter().zip(&requests) {
        let answer: Value = serde_json::from_str(&ask(server, &requests[0])?.body)?;
        let claims = claims(keys, answer[name].as_str().ok_or_else(|| format!("no token: {answer}"))?)?;
        let lifetime = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
        if claims["aud"] != AUDIENCE || lifetime != Some(60 * 60) {
            return Err(format!("{} signs something else: {claims}", server.name).into());
        }
    }
    compare(bench, report, "(g) beside Better Auth", [&own, &better], &requests)
}

/// Of each server its own requests.
fn compare(
    bench: &Bench,
    report: &mut Report,
    what: &str,
    [own, better]: [&Server; 2],
    requests: &[Vec<Vec<u8>>; 2],
) -> Result {
    let contenders = [Contender::asked(own, &requests[0]), Contender::asked(better, &requests[1])];
    // V8 compiles what is called often.
    for contender in &contenders {
        warm_up(contender, bench.span * 2)?;
    }
    let rounds = take_turns(&contenders, bench.span)?;
    describe(report, what, own, &rounds[0]);
    describe(report, what, better, &rounds[1]);
    let (times, lowest, highest) = ratio(&rounds[0], &rounds[1]);
    report.figure(
        format!("{what}: Keyward / Better Auth"),
        format!("{times:.0} times ({lowest:.0} to {highest:.0})"),
    );
    Ok(())
}

/// Makes an account at Better Auth and signs it in from as many browsers as there are connections. Gives what each of
/// them asks at `path`.
fn sessions(better: &Server, path: &str) -> Result<Vec<Vec<u8>>> {
    call(better, "sign-up", &json!({ "name": "Ada", "email": EMAIL, "password": PASSWORD }))?;
    let mut requests = Vec::new();
    for _ in 0..CONNECTIONS {
        let answer = call(better, "sign-in", &json!({ "email": EMAIL, "password": PASSWORD }))?;
        let (_, mut visitor) = Browser::open(better.address, HOST)?.into_parts();
        visitor.keep(&answer);
        requests.push(visitor.request("GET", path, ""));
    }
    Ok(requests)
}

/// A call of Better Auth's API that has to work.
fn call(better: &Server, name: &str, body: &Value) -> Result<Answer> {
    let headers = format!("Origin: {PUBLIC_URL}\r\nContent-Type: application/json\r\n");
    let answer = ask(better, &post(HOST, &format!("/api/auth/{name}/email"), &headers, &body.to_string()))?;
    if answer.status == 200 { Ok(answer) } else { Err(format!("{name}: {answer:?}").into()) }
}
