//! What people are told about errors: one table from code to words.

use std::borrow::Cow;

/// An error in words for the person who meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorText {
    /// A few words: what happened.
    pub title: Cow<'static, str>,
    /// One or two sentences: what to do.
    pub text: Cow<'static, str>,
    /// The name of the field that has to be changed, if it is one.
    pub field: Option<&'static str>,
}

/// The longest message of a back end that is shown, in characters.
const MESSAGE_LIMIT: usize = 200;

impl ErrorText {
    /// An error in these words.
    pub fn new(title: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { title: title.into(), text: text.into(), field: None }
    }

    /// A message of the application's back end, as it travels in `error=` in NextAuth 3 and 4. It comes from
    /// an address that anyone can write, so it is plain text: at most 200 characters, in one line, without
    /// control characters or those that turn the direction of writing. An empty one gets the generic text.
    pub fn message(message: &str) -> Self {
        let printable: String = message.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let printable = printable.replace(|c: char| c.is_control() || is_direction_mark(c), "");
        let mut text: String = printable.trim().chars().take(MESSAGE_LIMIT).collect();
        if printable.trim().chars().nth(MESSAGE_LIMIT).is_some() {
            text.pop();
            text.push('…');
        }
        if text.is_empty() { fallback() } else { Self::new("That didn’t work", text) }
    }
}

/// What to tell a person about an error code: NextAuth's (in any case, as versions 3 and 4 match them) or
/// Keyward's. An unknown code gets a generic text, never itself.
pub fn error_text(code: &str) -> ErrorText {
    known_error(code).unwrap_or_else(fallback)
}

/// As [`error_text`], but `None` for an unknown code, which may be a [message](ErrorText::message).
pub fn known_error(code: &str) -> Option<ErrorText> {
    let row = TABLE.iter().find(|row| row.code.eq_ignore_ascii_case(code))?;
    Some(ErrorText { field: row.field, ..ErrorText::new(row.title, row.text) })
}

/// All codes that have a text of their own.
pub fn codes() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.code)
}

struct Row {
    code: &'static str,
    field: Option<&'static str>,
    title: &'static str,
    text: &'static str,
}

const fn row(code: &'static str, title: &'static str, text: &'static str) -> Row {
    Row { code, field: None, title, text }
}

const fn field(code: &'static str, field: &'static str, title: &'static str, text: &'static str) -> Row {
    Row { code, field: Some(field), title, text }
}

const ANOTHER_WAY: &str = "Please try again, or use a different account.";

const LATER: &str = "Nothing is wrong with your details. Try again in a moment.";
const TELL: &str =
    "Nothing is wrong with your details. Try again; if it stays this way, tell the people who run this site.";

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // NextAuth's codes, which its clients and applications compare with.
    row("Configuration", "Something is wrong on our side", "Sign-in isn’t set up correctly at the moment. The server’s log has the details."),
    row("AccessDenied", "You don’t have access", "This account isn’t allowed to sign in here. If you think it should be, ask the people who run this site."),
    row("Verification", "This link no longer works", "It has already been used, or it has expired. Ask for a new one and open it soon."),
    row("Signin", "You couldn’t be signed in", ANOTHER_WAY),
    row("OAuthSignin", "You couldn’t be signed in", ANOTHER_WAY),
    row("OAuthCallback", "You couldn’t be signed in", ANOTHER_WAY),
    row("OAuthCallbackError", "You couldn’t be signed in", "The sign-in was cancelled or refused on the other side. Please try again, or use a different account."),
    row("OAuthCreateAccount", "The account couldn’t be created", ANOTHER_WAY),
    row("EmailCreateAccount", "The account couldn’t be created", ANOTHER_WAY),
    row("Callback", "You couldn’t be signed in", ANOTHER_WAY),
    row("OAuthAccountNotLinked", "You’ve signed in another way before", "To confirm that it’s you, sign in the same way as the first time."),
    row("AccountNotLinked", "You’ve signed in another way before", "To confirm that it’s you, sign in the same way as the first time."),
    row("WebAuthnVerificationError", "The passkey wasn’t accepted", "Please try again, or sign in another way."),
    row("EmailSignin", "The email couldn’t be sent", "Check the address and try again in a moment."),
    row("CredentialsSignin", "Those details don’t match", "Check what you entered and try again."),
    row("credentials", "Those details don’t match", "Check what you entered and try again."),
    row("SessionRequired", "Please sign in", "You need to be signed in to see that page."),
    row("MissingCSRF", "The form had expired", "Please send it once more. If that doesn’t help, allow cookies for this site."),

    // Keyward's own codes.
    field("weak_password", "password", "That password is too easy to guess", "Make it longer. A few unrelated words work well."),
    field("breached_password", "password", "Everybody knows that password", "It is on a list of passwords that were stolen elsewhere. Choose another; a few unrelated words work well."),
    field("password_too_long", "password", "That password is too long", "Choose one that is a little shorter."),
    field("email_taken", "email", "That email can’t be used", "There may already be an account with it. Try to sign in instead."),
    field("invalid_email", "email", "That doesn’t look like an email address", "Check it for typing mistakes, such as a missing @."),
    row("account_disabled", "This account is disabled", "You can’t sign in with it at the moment. The people who run this site can tell you more."),
    field("invalid_picture", "image", "That picture can’t be used", "Enter the https address of an image, or leave it empty."),
    row("missing_field", "Something is missing", "Fill in every field and try again."),
    row("mail_not_sent", "The email couldn’t be sent", "Nothing is wrong with what you entered. Try again in a moment."),
    row("rate_limited", "Too many attempts", "Wait a few minutes, then try again."),
    row("overloaded", "It’s very busy right now", "Nothing is wrong with your details. Try again in a few seconds."),
    row("provider_denied", "You weren’t signed in", "The sign-in was cancelled or refused on the other side. Please try again, or use a different account."),
    row("provider_error", "You couldn’t be signed in", "The other side reported an error. Please try again, or sign in another way."),
    row("provider_parameter", "You couldn’t be signed in", "The link that brought you here is broken. Go back and try another way."),
    row("provider_attempt", "That took too long", "The sign-in had expired, or was begun in another window. Please begin again."),
    row("provider_state", "That didn’t fit together", "The answer was for another sign-in. Please begin again."),
    row("provider_issuer", "That didn’t fit together", "The answer came from somebody else. Please begin again; if it stays this way, tell the people who run this site."),
    row("provider_response", "The other side gave an odd answer", TELL),
    row("provider_discovery", "The other side gave an odd answer", TELL),
    row("provider_unreachable", "The other side can’t be reached", LATER),
    row("provider_token", "The other side gave an odd answer", TELL),
    row("provider_id_token", "The other side gave an odd answer", TELL),
    row("provider_userinfo", "The other side gave an odd answer", TELL),
    row("provider_profile", "The other side gave an odd answer", TELL),
    row("provider_session", "Nothing was added", "You were signed out, or signed in as somebody else, in the meantime. Sign in and try again."),
    row("link_not_valid", "This link no longer works", "It has already been used, or it has expired. Ask for a new one and open it soon."),
    row("email_not_verified", "Confirm your email first", "We sent you a link when you made the account. Ask for another one here."),
    field("wrong_password", "password", "That isn’t your password", "Check what you entered and try again."),
    row("address_missing", "There’s no email to write to", "Your account has no email address yet. Add one first."),
    row("recent_sign_in_required", "Please sign in again", "That can’t be taken back, so we’d like to be sure that it’s you."),
    row("account_unknown", "That account isn’t yours", "Sign in as the person it belongs to, or look at your accounts again."),
    row("last_way_in", "You need that account", "Without it you couldn’t sign in again. Add another way first."),
    row("backend_refused", "You couldn’t be signed in", ANOTHER_WAY),
    row("backend_failed", "The service has a problem", LATER),
    row("backend_timeout", "The service didn’t answer in time", LATER),
    row("backend_unreachable", "The service can’t be reached", LATER),
    row("backend_answer_too_large", "The service gave an odd answer", TELL),
    row("backend_answer_not_json", "The service gave an odd answer", TELL),
    row("backend_answer_wrong_shape", "The service gave an odd answer", TELL),
    row("SecondFactorRequired", "One more step", "Enter the code that your authenticator app shows, or one of your recovery codes."),
    row("second_factor_expired", "That took too long", "Your sign-in wasn’t finished in time, or there were too many wrong codes. Please begin again."),
    field("wrong_code", "code", "That code isn’t right", "Each code works once. Wait for the next one, and check your device’s clock if it stays this way."),
    row("two_factors_required", "This needs two-step sign-in", "Show a second factor first, or set up two-step sign-in."),
    row("factor_unknown", "There’s nothing to change", "It may have been removed in the meantime."),
    row("factor_taken", "That’s set up already", "You can use it as it is, or remove it first."),
    row("too_many_passkeys", "You have enough passkeys", "Remove one that you don’t use any more first."),
    row("hook_refused", "You couldn’t be signed in", ANOTHER_WAY),
    row("hook_unavailable", "The service can’t be reached", LATER),
    row("hook_answer_wrong", "The service gave an odd answer", TELL),
    row("session_too_large", "You couldn’t be signed in", "The server has more to remember about you than fits. Tell the people who run this site."),
    row("store_unavailable", "It isn’t working right now", "Your data is safe, but it can’t be reached. Try again in a moment."),
    row("invalid_callback_url", "That address leads nowhere", "The link that brought you here is broken. Go back and try another way."),
    row("bad_request", "That couldn’t be read", "The address or the form was damaged on its way. Go back and try again."),
    row("too_many_parameters", "That was too much", "The form had more fields than can be read. Go back and try again."),
    row("not_found", "There’s nothing here", "Check the address, or go back to where you came from."),
    row("method_not_allowed", "That doesn’t work here", "Go back and try again."),
    row("slow_request", "That took too long", "The connection was too slow. Try again in a moment."),
    row("body_too_large", "That was too much", "The form was larger than can be read. Make it shorter and try again."),
    row("uri_too_long", "That address is too long", "Go back and try again."),
    row("headers_too_large", "Your browser sent too much", "Clear this site’s cookies and try again."),
];

fn fallback() -> ErrorText {
    ErrorText::new("Something went wrong", "Please try again.")
}

/// Unicode's explicit and implicit direction marks, with which text can pretend to be other text.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_title_and_a_text() {
        for row in TABLE {
            assert!(!row.code.is_empty() && !row.title.is_empty(), "{}", row.code);
            assert!(row.text.ends_with('.') && row.text.len() > 10, "{}", row.code);
            assert!(!row.title.ends_with('.'), "{}", row.code);
            assert_eq!(error_text(row.code).text, row.text, "{} stands twice", row.code);
        }
    }

    #[test]
    fn c4_every_code_of_nextauth_and_keyward_is_in_the_table() {
        let all = "Configuration AccessDenied Verification OAuthSignin OAuthCallback OAuthCallbackError \
            OAuthCreateAccount EmailCreateAccount Callback OAuthAccountNotLinked AccountNotLinked \
            WebAuthnVerificationError EmailSignin CredentialsSignin SessionRequired Signin MissingCSRF \
            weak_password email_taken invalid_email rate_limited overloaded backend_refused \
            backend_failed backend_timeout backend_unreachable backend_answer_too_large \
            backend_answer_not_json backend_answer_wrong_shape store_unavailable password_too_long missing_field session_too_large";
        for code in all.split_whitespace() {
            assert!(known_error(code).is_some(), "{code}");
        }
    }

    #[test]
    fn codes_match_in_any_case_and_unknown_ones_get_the_generic_text() {
        assert_eq!(error_text("configuration"), error_text("Configuration"));
        assert_eq!(error_text("<b>"), fallback());
        assert_eq!(known_error("<b>"), None);
    }

    #[test]
    fn a_message_is_one_line_of_at_most_200_characters() {
        assert_eq!(ErrorText::message("  Account\r\nlocked\u{0}\u{202e} ").text, "Account  locked");
        assert_eq!(ErrorText::message(&"é".repeat(200)).text, "é".repeat(200));
        let long = ErrorText::message(&"é".repeat(5000)).text;
        assert_eq!((long.chars().count(), long.chars().last()), (200, Some('…')));
        assert_eq!(ErrorText::message(" \u{7} "), fallback());
    }
}
