//! (i): `GET /api/auth/session` where the sealed session carries a back end's access token, which is not due.

use super::session::{EMAIL, ask, share, signed_in_browsers};
use crate::{
    Bench, Result,
    back_end::{BackEnd, access_token},
    report::Report,
    server::Server,
};

const GOAL: f64 = 0.80;

/// Beside the bare server, which opens and seals the same cookie and shows the same.
pub(crate) fn carried(bench: &Bench, report: &mut Report) -> Result {
    let back_end = BackEnd::start()?;
    let more = format!("session.strategy = \"sealed\"\n{}", back_end.tables(true));
    let keyward = Server::keyward_configured(&bench.programs, &more)?;
    let bare = Server::bare(&bench.programs, None)?;
    let requests = signed_in_browsers(&keyward, "login")?;
    let token = serde_json::Value::from(access_token(EMAIL));
    for server in [&keyward, &bare] {
        let session: serde_json::Value = serde_json::from_str(&ask(server, &requests[0])?.body)?;
        if session["accessToken"] != token {
            return Err(format!("{} does not show the back end's token: {session}", server.name).into());
        }
    }
    share(bench, report, "(i) session with a back end's token", [&keyward, &bare], &requests, GOAL)
}
