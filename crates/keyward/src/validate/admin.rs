//! Keys of operators.

use crate::{mistake::Mistake, plan::Plan, strength};

pub(super) fn mistakes(plan: &Plan, found: &mut Vec<Mistake>) {
    for (index, key) in plan.admin_keys.iter().enumerate() {
        let at = format!("admin.keys[{index}]");
        // In development too: what a key opens is the same there.
        if let Some(problem) = strength::problem_with(key) {
            let remedy = "make one with `openssl rand -base64 32` and keep it out of the repository";
            found.push(Mistake::new(at, problem, remedy));
        } else if plan.secrets.iter().any(|secret| secret.matches(key.expose())) {
            let problem = "this is the secret that seals sessions";
            found.push(Mistake::new(at, problem, "give the admin API a key of its own"));
        }
    }
}
