//! Outgoing HTTP that never leaves the process.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use keyward_core::port::{HttpAnswer, HttpCall, HttpClient, HttpFault};
use serde_json::Value;

/// Gives the scripted answers in their order and remembers what it was asked. A call beyond the script is
/// [`HttpFault::Unreachable`].
#[derive(Debug, Default)]
pub struct ScriptedHttp(Mutex<Script>);

#[derive(Debug, Default)]
struct Script {
    answers: VecDeque<Result<HttpAnswer, HttpFault>>,
    calls: Vec<HttpCall>,
}

impl ScriptedHttp {
    /// The next call without an answer yet gets this status and JSON body.
    pub fn json(&self, status: u16, body: &Value) {
        self.answer(Ok(HttpAnswer { status, body: body.to_string().into_bytes() }));
    }

    /// The next call without an answer yet gets this, whatever it is.
    pub fn answer(&self, answer: Result<HttpAnswer, HttpFault>) {
        self.script().answers.push_back(answer);
    }

    /// Drops the answers that nobody asked for.
    pub fn forget(&self) {
        self.script().answers.clear();
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<HttpCall> {
        self.script().calls.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HttpClient for ScriptedHttp {
    async fn call(&self, call: HttpCall) -> Result<HttpAnswer, HttpFault> {
        let max_answer = call.max_answer;
        let mut script = self.script();
        script.calls.push(call);
        let scripted = script.answers.pop_front();
        let answer = scripted.ok_or_else(|| HttpFault::Unreachable("nothing scripted".to_owned()))??;
        // The port's promise holds for scripts too, so that a test of the limit can't pass by accident.
        if answer.body.len() > max_answer { Err(HttpFault::TooLarge(max_answer)) } else { Ok(answer) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keyward_core::secret::Secret;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn answers_come_in_order_and_calls_are_remembered() {
        let http = ScriptedHttp::default();
        http.json(200, &json!({"id": 1}));
        http.answer(Err(HttpFault::Timeout(Duration::from_secs(1))));
        http.json(200, &json!("x".repeat(100)));
        let call = |body: &str| HttpCall {
            url: "http://127.0.0.1/login".parse().expect("an address"),
            headers: Vec::new(),
            body: Secret::from(body),
            timeout: Duration::from_secs(1),
            max_answer: 64,
            alone: false,
        };
        let first = http.call(call("a")).await.expect("scripted");
        assert_eq!((first.status, first.body.as_slice()), (200, br#"{"id":1}"#.as_slice()));
        assert_eq!(http.call(call("b")).await.err(), Some(HttpFault::Timeout(Duration::from_secs(1))));
        assert_eq!(http.call(call("c")).await.err(), Some(HttpFault::TooLarge(64)));
        assert!(matches!(http.call(call("d")).await, Err(HttpFault::Unreachable(_))));
        let bodies: Vec<_> = http.calls().iter().map(|call| call.body.expose().to_owned()).collect();
        assert_eq!(bodies, ["a", "b", "c", "d"]);
    }
}
