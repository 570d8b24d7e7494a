//! The core's pages about one's own account in the words of `keyward-pages`.

use keyward_core::{
    action::{Accounts, Content, Tab},
    audit::AuditRecord,
    port::{SessionEntry, SessionId},
    reply::AccountPage,
    time::Timestamp,
};
use keyward_pages::{
    AccountForm, AccountPerson, AccountRow, AccountSection, AccountTab, ErrorText, Field, Frame,
    OwnAccountPage, RowAction, Texts, device_name,
};
use serde_json::Value;

/// The page as HTML.
pub(super) fn render(frame: Frame<'_>, page: &AccountPage, error: Option<ErrorText>) -> String {
    let texts = &frame.theme.texts;
    let user = &page.own.user;
    let (mut form, mut links) = (None, Vec::new());
    let sections = match &page.own.content {
        Content::Profile => {
            form = Some(profile(page, texts));
            vec![data(page, texts)]
        }
        Content::Ways(accounts) => ways(page, accounts, texts),
        Content::Sessions { sessions, current } => here_and_there(page, sessions, current, texts),
        Content::Activity { records, older } => {
            links.extend(older.map(|place| (older_url(page, place), &*texts.account_older)));
            vec![AccountSection {
                title: "",
                none: &texts.account_activity_none,
                rows: records.iter().map(|record| happened(record, texts)).collect(),
            }]
        }
    };
    OwnAccountPage {
        frame,
        title: title(page.own.tab, texts),
        tabs: tabs(page, texts),
        notice: notice(page.own.done.as_deref(), texts),
        error,
        person: AccountPerson {
            name: user.name.as_deref().unwrap_or_default(),
            email: user.email.as_deref().unwrap_or_default(),
            image: user.image.as_deref().unwrap_or_default(),
        },
        form,
        sections,
        csrf_token: &page.csrf_token,
        links,
        back: (&page.origin, texts.recovery_back.replace("{host}", &page.host)),
        sign_out: (&page.sign_out, &texts.account_sign_out),
    }
    .render()
}

fn title(tab: Tab, texts: &Texts) -> &str {
    match tab {
        Tab::Profile => &texts.account_title,
        Tab::Ways => &texts.account_ways_title,
        Tab::Sessions => &texts.account_sessions_title,
        Tab::Activity => &texts.account_activity_title,
    }
}

fn tabs<'a>(page: &'a AccountPage, texts: &'a Texts) -> Vec<AccountTab<'a>> {
    let label = |tab: Tab| match tab {
        Tab::Profile => &*texts.account_profile,
        Tab::Ways => &*texts.account_ways,
        Tab::Sessions => &*texts.account_sessions,
        Tab::Activity => &*texts.account_activity,
    };
    let tabs = page.tabs.iter();
    tabs.map(|(tab, url)| AccountTab { label: label(*tab), url, is_current: *tab == page.own.tab }).collect()
}

/// Only what we say ourselves: anybody can write such an address.
fn notice<'a>(done: Option<&str>, texts: &'a Texts) -> &'a str {
    match done {
        Some("saved") => &texts.account_saved,
        Some("unlinked") => &texts.account_unlinked,
        Some("ended") => &texts.account_ended,
        _ => "",
    }
}

fn profile<'a>(page: &'a AccountPage, texts: &'a Texts) -> AccountForm<'a> {
    let name = Field { value: (&*page.name).into(), ..Field::name(texts) };
    let image = Field {
        name: "image".into(),
        label: (&*texts.account_image_label).into(),
        input_type: "url".into(),
        placeholder: "https://".into(),
        hint: (&*texts.account_image_hint).into(),
        value: (&*page.image).into(),
        autocomplete: "photo".into(),
        ..Field::default()
    };
    AccountForm {
        action: &page.profile,
        csrf_token: &page.csrf_token,
        hidden: Vec::new(),
        fields: vec![name, image],
        button: &texts.account_save,
        is_final: false,
    }
}

fn data<'a>(page: &'a AccountPage, texts: &'a Texts) -> AccountSection<'a> {
    let row = |url: &'a Option<String>, title: &'a str, label: &'a str| {
        let url = url.as_deref()?;
        Some(AccountRow {
            title: title.to_owned(),
            badge: "",
            notes: Vec::new(),
            action: RowAction::Link { url, label },
        })
    };
    let rows = [
        row(&page.export, &texts.account_export, &texts.account_export_button),
        row(&page.delete, &texts.account_delete, &texts.account_delete_button),
    ];
    AccountSection { title: &texts.account_data, none: "", rows: rows.into_iter().flatten().collect() }
}

fn ways<'a>(page: &'a AccountPage, accounts: &'a Accounts, texts: &'a Texts) -> Vec<AccountSection<'a>> {
    let link = |url: &'a Option<String>, label: &'a str| match url {
        Some(url) => RowAction::Link { url, label },
        None => RowAction::Nothing,
    };
    let mut own = Vec::new();
    if let Some(email) = &accounts.user.email {
        let is_proven = accounts.user.email_verified.is_some();
        let badge = if is_proven { &texts.account_confirmed } else { &texts.account_unconfirmed };
        own.push(AccountRow {
            title: texts.email_label.to_string(),
            badge,
            notes: vec![email.clone()],
            action: if is_proven || page.verify_email.is_none() {
                link(&page.email, &texts.account_change)
            } else {
                link(&page.verify_email, &texts.account_confirm)
            },
        });
    }
    if page.password.is_some() || accounts.has_password {
        let (note, label) = if accounts.has_password {
            (&texts.account_is_set, &texts.account_change)
        } else {
            (&texts.account_is_not_set, &texts.account_set)
        };
        own.push(AccountRow {
            title: texts.password_label.to_string(),
            badge: "",
            notes: vec![note.to_string()],
            action: link(&page.password, label),
        });
    }
    for (url, title) in [(&page.totp, &texts.account_app), (&page.passkeys, &texts.account_passkeys)] {
        if url.is_some() {
            let action = link(url, &texts.account_manage);
            own.push(AccountRow { title: title.to_string(), badge: "", notes: Vec::new(), action });
        }
    }
    let name_of = |id: &str| {
        let known = page.providers.iter().find(|provider| provider.id == id);
        known.map_or_else(|| id.to_owned(), |provider| provider.name.clone())
    };
    let linked = accounts.accounts.iter().map(|account| {
        let said = [&account.profile.email, &account.profile.name].into_iter();
        let as_whom = said.filter_map(|said| said.clone().flatten()).next();
        let since = texts.account_since.replace("{time}", &day(account.created));
        AccountRow {
            title: name_of(&account.key.source),
            badge: "",
            notes: as_whom.into_iter().chain([since]).collect(),
            action: RowAction::Send {
                action: &page.unlink,
                hidden: vec![("provider", &*account.key.source), ("providerAccountId", &*account.key.id)],
                label: &texts.account_remove,
            },
        }
    });
    let is_linked = |id: &str| accounts.accounts.iter().any(|account| account.key.source == id);
    let others =
        page.providers.iter().filter(|provider| !is_linked(&provider.id)).map(|provider| AccountRow {
            title: provider.name.clone(),
            badge: "",
            notes: Vec::new(),
            action: RowAction::Send {
                action: &provider.action,
                hidden: vec![("callbackUrl", &page.back)],
                label: &texts.account_add,
            },
        });
    vec![
        AccountSection { title: "", none: "", rows: own },
        AccountSection { title: &texts.account_linked, none: "", rows: linked.collect() },
        AccountSection { title: &texts.account_addable, none: "", rows: others.collect() },
    ]
}

fn here_and_there<'a>(
    page: &'a AccountPage,
    sessions: &'a [SessionEntry],
    current: &'a SessionId,
    texts: &'a Texts,
) -> Vec<AccountSection<'a>> {
    let row = |entry: &'a SessionEntry| {
        let is_current = entry.id == *current;
        let seen = texts.account_seen.replace("{time}", &minute(entry.seen));
        let since = texts.account_since.replace("{time}", &minute(entry.created));
        let place = entry.address.clone();
        AccountRow {
            title: device(entry.user_agent.as_deref(), texts),
            badge: if is_current { &texts.account_this_session } else { "" },
            notes: vec![seen, [Some(since), place].into_iter().flatten().collect::<Vec<_>>().join(" · ")],
            action: if is_current {
                RowAction::Link { url: &page.sign_out, label: &texts.account_sign_out }
            } else {
                RowAction::Send {
                    action: &page.end,
                    hidden: vec![("id", &*entry.id.0)],
                    label: &texts.account_end,
                }
            },
        }
    };
    let all = AccountRow {
        title: texts.account_everywhere.to_string(),
        badge: "",
        notes: Vec::new(),
        action: RowAction::Send {
            action: &page.end,
            hidden: vec![("others", "true")],
            label: &texts.account_end,
        },
    };
    let others = sessions.iter().any(|entry| entry.id != *current);
    vec![
        AccountSection { title: "", none: "", rows: sessions.iter().map(row).collect() },
        AccountSection { title: "", none: "", rows: others.then_some(all).into_iter().collect() },
    ]
}

/// What happened, when, where, with what.
fn happened<'a>(record: &'a AuditRecord, texts: &'a Texts) -> AccountRow<'a> {
    let mut when = minute(record.last);
    if record.count > 1 {
        when = format!("{when} · {}", texts.account_times.replace("{count}", &record.count.to_string()));
    }
    let agent = record.user_agent.as_deref().map(|agent| device(Some(agent), texts));
    let method = record.detail.get("method").and_then(Value::as_str).map(str::to_owned);
    let place: Vec<_> = [method, record.network.clone(), agent].into_iter().flatten().collect();
    AccountRow {
        title: texts.activity(&record.kind).to_owned(),
        badge: "",
        notes: [when, place.join(" · ")].into_iter().filter(|note| !note.is_empty()).collect(),
        action: RowAction::Nothing,
    }
}

fn older_url(page: &AccountPage, place: u64) -> String {
    let activity = page.tabs.iter().find(|(tab, _)| *tab == Tab::Activity);
    activity.map_or_else(String::new, |(_, url)| format!("{url}?before={place}"))
}

fn device(user_agent: Option<&str>, texts: &Texts) -> String {
    user_agent.and_then(device_name).unwrap_or_else(|| texts.account_unknown_device.to_string())
}

/// `2026-11-21 17:41 UTC`: a page without a script knows nobody's time zone.
fn minute(at: Timestamp) -> String {
    let iso = at.iso();
    match (iso.get(..10), iso.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => iso,
    }
}

fn day(at: Timestamp) -> String {
    at.iso().get(..10).map_or_else(String::new, str::to_owned)
}
