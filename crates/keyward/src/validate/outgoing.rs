//! Whom Keyward asks over HTTP while somebody waits: back ends and hooks.

use std::time::Duration;

use crate::{mistake::Mistake, plan::Plan};

/// Of the deployment's hooks.
pub(super) fn hooks(plan: &Plan, found: &mut Vec<Mistake>) {
    if let Some(hooks) = &plan.hooks {
        bounds("hooks", "hook", hooks.timeout, Some(hooks.max_answer), found);
    }
}

/// With no time, or no room for an answer, nobody would ever get in. `max_answer` is `None` where that has no setting of its
/// own.
pub(super) fn bounds(
    at: &str,
    who: &str,
    timeout: Duration,
    max_answer: Option<usize>,
    found: &mut Vec<Mistake>,
) {
    if timeout.is_zero() {
        found.push(Mistake::new(
            format!("{at}.timeout"),
            format!("no {who} answers in no time"),
            "write a span such as 5s",
        ));
    }
    if max_answer == Some(0) {
        found.push(Mistake::new(
            format!("{at}.max_answer"),
            "no answer is that small",
            "write a size such as 64KiB",
        ));
    }
}
