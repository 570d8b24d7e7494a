//! Applications with a credential of their own.

use std::collections::HashSet;

use keyward_core::tokens::access::PUBLIC_CLIENT;

use super::id;
use crate::{mistake::Mistake, plan::Plan, strength};

pub(super) fn mistakes(plan: &Plan, found: &mut Vec<Mistake>) {
    let mut ids = HashSet::new();
    for (index, client) in plan.clients.iter().enumerate() {
        let at = format!("clients[{index}]");
        id(&format!("{at}.id"), &client.id, found);
        if client.id == PUBLIC_CLIENT {
            found.push(Mistake::new(
                format!("{at}.id"),
                format!("{PUBLIC_CLIENT:?} is the client_id of programs without a credential"),
                "choose another",
            ));
        }
        if !ids.insert(&client.id) {
            found.push(Mistake::new(
                format!("{at}.id"),
                format!("the id {:?} is another client's already", client.id),
                "give each its own",
            ));
        }
        // In development too: what a credential opens is the same there.
        if let Some(problem) = strength::problem_with(&client.secret) {
            let remedy = "make one with `openssl rand -base64 32` and keep it out of the repository";
            found.push(Mistake::new(format!("{at}.secret"), problem, remedy));
        }
    }
}
