//! A database that an earlier version wrote.

use std::{path::PathBuf, time::Duration};

use keyward_core::{
    port::{
        Administration, Admitted, Attempts, Change, Changed, Directory, Grant, Grants, Imported,
        ImportedUser, Imports, Ledger, PersonName, Rotated, Rotation, SessionId, SessionRecord, Sessions,
        SignIns, TokenHash,
    },
    time::Timestamp,
    user::{
        Account, AccountKey, Address, Admission, Ground, Place, Profile, Standing, User, UserId, Vouched,
    },
};
use keyward_store_sqlite::{Options, SqliteStore};
use rusqlite::{Connection, params, types::Value};
use serde_json::Map;

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);

/// A database as the version with this many migrations wrote it.
fn written_by(version: usize, sql: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keyward.db");
    let before = Connection::open(&path).expect("opened");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    for file in &files[..version] {
        before.execute_batch(&std::fs::read_to_string(file).expect("text")).expect("a schema");
    }
    before.execute_batch(sql).expect("written");
    let marks = format!("PRAGMA application_id = 0x4b575244; PRAGMA user_version = {version};");
    before.execute_batch(&marks).expect("written");
    (folder, path)
}

/// What the first version wrote: a person with a password, one known through a back end, a session of each.
const FIRST_VERSION: &str = r#"
    INSERT INTO user (id, email, name, created) VALUES ('ada', 'ada@example.org', 'Ada', 5);
    INSERT INTO password VALUES ('ada', 'hash');
    INSERT INTO user (id, name, created) VALUES ('bob', 'Bob', 6);
    INSERT INTO account (source, id, user, profile, created) VALUES ('shop', '7', 'bob', '{"name":"Bob"}', 6);
    INSERT INTO session (id, user, claims, created, expires) VALUES ('s1', 'ada', '{}', 5, 9);
    INSERT INTO session (id, user, claims, created, expires) VALUES ('s2', 'bob', '{}', 6, 9);
"#;

#[tokio::test]
async fn lesson_43_a_database_of_the_first_version_is_kept_and_its_addresses_are_unproven() {
    let (_folder, path) = written_by(1, FIRST_VERSION);
    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let ada = User {
        email: Some("ada@example.org".to_owned()),
        name: Some("Ada".to_owned()),
        ..User::new(UserId("ada".to_owned()))
    };
    let password = store.password_by_email("ada@example.org").await.expect("answers").expect("there");
    assert_eq!((&password.user, password.hash.as_str()), (&ada, "hash"));
    let shop = AccountKey { source: "shop".to_owned(), id: "7".to_owned() };
    let account = Account {
        key: shop.clone(),
        kind: Account::CREDENTIALS.to_owned(),
        profile: Profile { name: Some(Some("Bob".to_owned())), ..Profile::default() },
        created: Timestamp::from_millis(6),
    };
    let bob = UserId("bob".to_owned());
    assert_eq!(store.accounts_of(&bob).await.expect("answers"), [account]);
    assert_eq!(store.account_tokens(&shop).await.expect("answers"), None);
    let record = SessionRecord { user: Some(bob), via: None, expires: Timestamp::from_millis(9) };
    assert_eq!(store.session_record(&SessionId("s2".to_owned())).await.expect("answers"), Some(record));

    // What was set up then was set up without a proof.
    let who = Vouched {
        key: AccountKey { source: "google".to_owned(), id: "1".to_owned() },
        kind: "oidc".to_owned(),
        profile: Profile::default(),
        email: Some(Address { address: "ada@example.org".to_owned(), verified: true }),
        tokens: None,
        spent: None,
    };
    let place = Place::Link { user: ada.id.clone(), by: Ground::Email };
    let admission = Admission::Vouched { who: Box::new(who), place, until: NOW };
    let answer = store.admit(&admission, None, NOW, &[]).await.expect("answers");
    assert_eq!(answer, Admitted::As { user: ada.id.clone(), is_new: false, claims: Map::new() });
    assert!(store.password_by_email("ada@example.org").await.expect("answers").is_none());
    assert_eq!(store.session_record(&SessionId("s1".to_owned())).await.expect("answers"), None);
    let Standing { owner, .. } = store.standing(&shop, None).await.expect("answers");
    assert_eq!(owner.expect("as before").user.id.0, "bob");
}

#[tokio::test]
async fn lesson_25_what_was_ended_before_the_feed_of_changes_stays_ended_and_numbers_never_come_again() {
    let (_folder, path) = written_by(
        3,
        "INSERT INTO user (id, created) VALUES ('ada', 5);
         INSERT INTO session (id, user, claims, created, expires) VALUES ('s1', 'ada', '{}', 5, 9);
         INSERT INTO ended_session (session, until) VALUES ('over', 7), ('ended', 9);
         DELETE FROM ended_session WHERE session = 'over';
         INSERT INTO ended_session (session, until) VALUES ('swept', 1);
         DELETE FROM ended_session WHERE session = 'swept';",
    );
    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let ended = Change {
        change: 2,
        session: SessionId("ended".to_owned()),
        what: Changed::Ended,
        until: Timestamp::from_millis(9),
    };
    assert_eq!(store.changes_since(0).await.expect("answers"), [ended]);
    let listed =
        store.sessions_of(&UserId("ada".to_owned()), Timestamp::from_millis(6)).await.expect("answers");
    assert_eq!((listed.len(), listed[0].seen), (1, Timestamp::from_millis(5)));
    let session = SessionId("s1".to_owned());
    store
        .change_session(&session, &Map::from_iter([("role".to_owned(), 1.into())]), NOW, &[])
        .await
        .expect("answers");
    assert_eq!(store.changes_since(2).await.expect("answers")[0].change, 4, "three was given before");
}

#[tokio::test]
async fn f2_a_token_that_was_used_shortly_before_the_upgrade_has_the_same_successor_after_it() {
    let (_folder, path) = written_by(
        6,
        "INSERT INTO user (id, created) VALUES ('ada', 5);
         INSERT INTO session (id, user, claims, created, expires)
             VALUES ('s1', 'ada', '{}', 5, 99000), ('s2', 'ada', '{}', 5, 99000);",
    );
    let before = Connection::open(&path).expect("opened");
    let bytes = |byte: u8| [byte; 32];
    for (session, current) in [("s1", 0x03), ("s2", 0x12)] {
        before
            .execute(
                "INSERT INTO refresh_family (session, terms, current) VALUES (?1, '{}', ?2)",
                params![session, bytes(current)],
            )
            .expect("written");
    }
    for (session, hash, salt, next, used) in
        [("s1", 0x01, 0xa1, 0x02, 20_000), ("s2", 0x11, 0xb1, 0x12, 20_500), ("s1", 0x02, 0xa2, 0x03, 21_000)]
    {
        before
            .execute(
                "INSERT INTO refresh_used (session, hash, salt, next, used) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![session, bytes(hash), bytes(salt), bytes(next), used],
            )
            .expect("written");
    }
    drop(before);

    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let rotation = |session: &str, given: u8, now: i64| Rotation {
        session: SessionId(session.to_owned()),
        client: None,
        given: TokenHash(bytes(given)),
        next: TokenHash(bytes(0x77)),
        salt: bytes(0x78),
        now: Timestamp::from_millis(now),
        grace: Duration::from_secs(10),
        expires: Timestamp::from_millis(99_000),
        until: Timestamp::from_millis(99_000),
        events: Vec::new(),
    };
    let grant = || Grant { user: UserId("ada".to_owned()), terms: "{}".to_owned() };
    let already = |salt: u8, next: u8| Rotated::Already {
        grant: grant(),
        salt: bytes(salt),
        next: TokenHash(bytes(next)),
    };
    for (session, given, wanted) in [
        ("s1", 0x01, already(0xa1, 0x02)),
        ("s1", 0x02, already(0xa2, 0x03)),
        ("s2", 0x11, already(0xb1, 0x12)),
        ("s1", 0x03, Rotated::Done(grant())),
        ("s1", 0x01, already(0xa1, 0x02)),
        ("s1", 0x03, already(0x78, 0x77)),
    ] {
        let answer = store.rotate_grant(&rotation(session, given, 25_000)).await.expect("answers");
        assert_eq!(answer, wanted, "{session} {given:x}");
    }
    let late = store.rotate_grant(&rotation("s2", 0x11, 30_500)).await.expect("answers");
    assert_eq!(late, Rotated::Reused(UserId("ada".to_owned())));
}

#[tokio::test]
async fn d1_a_session_from_before_it_named_its_tokens_keeps_them() {
    let (_folder, path) = written_by(
        5,
        "INSERT INTO user (id, created) VALUES ('ada', 5);
         INSERT INTO session (id, token_hash, user, claims, created, expires)
             VALUES ('s1', zeroblob(32), 'ada', '{}', 5, 9), ('s2', CAST(zeroblob(31) || x'01' AS BLOB), 'ada', '{}', 5, 9);
         INSERT INTO vault (id, session, provider, sealed) VALUES ('v1', 's1', 'login', x'07');",
    );
    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let mut hash = [0; 32];
    let tokens = store.session(&TokenHash(hash)).await.expect("answers").expect("there").tokens;
    assert_eq!(tokens.map(|entry| (entry.id.0, entry.sealed)), Some(("v1".to_owned(), vec![7])));
    hash[31] = 1;
    assert_eq!(store.session(&TokenHash(hash)).await.expect("answers").expect("there").tokens, None);
}

#[tokio::test]
async fn lesson_56_who_came_before_deletions_were_remembered_and_is_deleted_after_it_is_left_out_too() {
    let (_folder, path) =
        written_by(12, "INSERT INTO user (id, email, created) VALUES ('ada', 'ada@example.org', 5)");
    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let user = User { email: Some("ada@example.org".to_owned()), ..User::new(UserId("ada".to_owned())) };
    let batch = [ImportedUser { user, password_hash: None, accounts: Vec::new(), app: None }];
    let import = async || store.import_users(&batch, false, NOW).await.expect("answers");
    assert_eq!(import().await, [Imported::There]);
    assert!(store.delete_user("ada@example.org", NOW).await.expect("answers"));
    assert_eq!(import().await, [Imported::Deleted]);
}

#[tokio::test]
async fn an_adopted_session_is_nobodys_without_a_user_who_stands_for_it_and_all_else_stays() {
    let (_folder, path) = written_by(
        13,
        &format!(
            "INSERT INTO user (id, created) VALUES ('ada', 5), ('', 0);
             INSERT INTO session (id, token_hash, user, claims, organisation, created, expires, user_agent, via_source,
                                  via_id, version, overlay, seen, address, vault)
             VALUES ('own', zeroblob(32), 'ada', '{{\"name\":\"Ada\"}}', 'o', 5, 99000, 'agent', 'shop', '7', 3,
                     '{{\"role\":[3,1]}}', 6, '203.0.113.0', 'v1'),
                    ('read', NULL, '', '{{}}', NULL, 7, 99000, NULL, NULL, NULL, 0, NULL, 8, NULL, NULL);
             INSERT INTO vault (id, session, provider, sealed) VALUES ('v1', 'own', 'login', x'07');
             INSERT INTO adopted (name, session) VALUES ('{}', 'read');
             INSERT INTO refresh_family (session, terms, current) VALUES ('own', 'terms', zeroblob(32));",
            PersonName::id("7").as_str()
        ),
    );
    let raw = Connection::open(&path).expect("opened");
    let columns = "id, token_hash, claims, organisation, created, expires, user_agent, via_source, via_id, version, overlay, \
                   seen, address, vault";
    let all = |sql: &str| {
        let mut statement = raw.prepare(sql).expect("prepared");
        let width = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..width).map(|at| row.get::<_, Value>(at)).collect();
        statement.query_map([], row).expect("read").collect::<Result<Vec<Vec<_>>, _>>().expect("rows")
    };
    let rows = || all(&format!("SELECT {columns} FROM session ORDER BY id"));
    let indices =
        || all("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% ON session %' ORDER BY 1");
    let before = (rows(), indices());
    assert_eq!((before.0.len(), before.1.len()), (2, 2));

    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    assert_eq!((rows(), indices()), before);
    assert_eq!(all("SELECT id FROM user"), [[Value::Text("ada".to_owned())]]);
    assert_eq!(all("SELECT * FROM pragma_foreign_key_check"), Vec::<Vec<Value>>::new());
    let (own, read) = (SessionId("own".to_owned()), SessionId("read".to_owned()));
    let stored = store.session(&TokenHash([0; 32])).await.expect("answers").expect("there");
    assert_eq!((stored.user.0.as_str(), stored.tokens.map(|entry| entry.sealed)), ("ada", Some(vec![7])));
    assert_eq!(store.grant(&own).await.expect("answers").map(|grant| grant.terms), Some("terms".to_owned()));
    assert_eq!(store.session_record(&read).await.expect("answers").expect("there").user, None);
    let listed =
        store.sessions_of(&UserId("7".to_owned()), Timestamp::from_millis(9)).await.expect("answers");
    assert_eq!(listed.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&read]);

    assert!(store.remove_user(&UserId("ada".to_owned()), NOW, &[]).await.expect("answers"));
    for table in ["vault", "refresh_family", "user"] {
        assert_eq!(all(&format!("SELECT * FROM {table}")), Vec::<Vec<Value>>::new(), "{table} goes along");
    }
    assert_eq!(rows(), before.0[1..]);
}

#[tokio::test]
async fn b2_a_network_that_was_remembered_among_the_failures_is_known_as_long_as_it_would_have_been() {
    let sql = "INSERT INTO failure (key, count, last, until) VALUES ('home', 1, 5, 99)";
    let (_folder, path) = written_by(14, sql);
    let store = SqliteStore::open(&path, &Options::default()).expect("brought up to date");
    let known = async |now| store.known_network("home", Timestamp::from_millis(now)).await.expect("answers");
    assert_eq!((known(98).await, known(99).await), (Some(Timestamp::from_millis(5)), None));
}
