//! Spans and sizes of nothing in `keyward.toml`: with each of them nobody would get in, or nothing out.

use crate::mistakes::said_after;

#[test]
fn a_span_or_size_of_nothing_is_refused_at_its_place_with_a_remedy() {
    let hooks =
        "[hooks]\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\njwt = \"http://127.0.0.1:4500/\"\n";
    let backend = "[[providers]]\nid = \"shop\"\ntype = \"backend\"\nendpoint = \"http://127.0.0.1:4500/\"\n";
    let refresh = format!("{backend}[providers.refresh]\nendpoint = \"http://127.0.0.1:4500/\"\n");
    let email = "[[providers]]\nid = \"email\"\ntype = \"email\"\nserver = \"smtp://127.0.0.1:25\"\nfrom = \"a@b.example\"\n";
    let mail = "[mail]\nserver = \"smtp://127.0.0.1:25\"\nfrom = \"a@b.example\"\n";
    let table = [
        (format!("{hooks}timeout = \"0s\""), "7:11", "no hook answers in no time", "such as 5s"),
        (format!("{hooks}max_answer = \"0B\""), "7:14", "no answer is that small", "such as 64KiB"),
        (format!("{backend}timeout = \"0s\""), "8:11", "no back end answers in no time", "such as 5s"),
        (format!("{backend}max_answer = 0"), "8:14", "no answer is that small", "such as 64KiB"),
        (format!("{refresh}timeout = \"0m\""), "10:11", "no back end answers in no time", "such as 5s"),
        (format!("{email}timeout = \"0s\""), "9:11", "no mail server answers in no time", "10s"),
        (format!("{email}max_age = \"0s\""), "9:11", "a minute at least", "write a span"),
        (format!("{mail}timeout = \"0s\""), "7:11", "no mail server answers in no time", "10s"),
        (format!("{mail}verify_max_age = \"0s\""), "7:18", "a minute at least", "write a span"),
        (format!("{mail}reset_max_age = \"0s\""), "7:17", "a minute at least", "write a span"),
        ("[session]\nmax_age = 0".to_owned(), "5:11", "a second at least", "30d"),
        ("[session]\nrecent_sign_in = \"0s\"".to_owned(), "5:18", "nobody signed in that recently", "10m"),
    ];
    for (mistake, place, problem, remedy) in table {
        let said = said_after(&mistake);
        assert!(said.contains(&format!(",-[keyward.toml:{place}]")), "{mistake}\n{said}");
        assert!(said.contains(problem) && said.contains(remedy), "{mistake}\n{said}");
    }
}
