//! Every text that people see, with its English default. One table makes the struct, its defaults and
//! the setting of a text by its name from a configuration file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::errors::{ErrorText, known_error};

macro_rules! texts {
    ($($key:ident: $default:literal,)+) => {
        /// Every text that people see. `{name}` stands for the product (on `sign_in_with` and `add_…`: the provider),
        /// `{host}` for the application's host; in mails `{lifetime}` for a link's, on `confirm_text` and its kin
        /// `{email}` for the address. A subtitle, prompt, hint or note that is empty is left out.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Texts {
            $(#[doc = concat!("“", $default, "”")] pub $key: Cow<'static, str>,)+
            /// Texts of errors by code, before those of [`error_text`](crate::error_text).
            pub errors: BTreeMap<String, ErrorText>,
        }

        impl Texts {
            /// The names of all texts, as [`set`](Self::set) takes them.
            pub const KEYS: &[&str] = &[$(stringify!($key)),+];

            /// Sets the text of this name.
            pub fn set(&mut self, key: &str, text: String) -> Result<(), UnknownText> {
                match key {
                    $(stringify!($key) => self.$key = Cow::Owned(text),)+
                    _ => return Err(UnknownText(key.to_owned())),
                }
                Ok(())
            }
        }

        impl Default for Texts {
            fn default() -> Self {
                Self { $($key: Cow::Borrowed($default),)+ errors: BTreeMap::new() }
            }
        }
    };
}

texts! {
    lang: "en",

    sign_in_title: "Sign in",
    sign_in_subtitle: "to continue to {name}",
    sign_in_button: "Sign in",
    sign_in_with: "Sign in with {name}",
    sign_in_or: "or",
    sign_in_none: "No way to sign in has been set up yet.",
    sign_up_prompt: "New here?",
    sign_up_link: "Create an account",

    sign_up_title: "Create your account",
    sign_up_subtitle: "to get started with {name}",
    sign_up_button: "Create account",
    sign_in_prompt: "Already have an account?",
    sign_in_link: "Sign in",

    sign_out_title: "Sign out?",
    sign_out_text: "You will be signed out of {name} in this browser.",
    sign_out_button: "Sign out",
    sign_out_cancel: "Stay signed in",

    verify_title: "Check your email",
    verify_text: "A sign in link has been sent to your email address.",
    verify_hint: "Nothing there after a minute or two? Have a look in the spam folder.",
    verify_back: "Back to {host}",

    confirm_title: "One more step",
    confirm_text: "Press the button to sign in to {host} as {email}.",
    confirm_button: "Sign in",

    recovery_sent_text: "If there is something to do for that address, an email is on its way.",
    recovery_send_button: "Send the link",
    recovery_sign_in: "Sign in",
    recovery_back: "Back to {host}",

    verify_email_title: "Confirm your email",
    verify_email_text: "Enter your address, and we’ll send you a link.",
    verify_email_confirm_text: "Press the button to confirm that {email} is yours.",
    verify_email_password_text: "Enter the password that you chose when you made the account for {email}.",
    verify_email_no_password: "I don’t know that password",
    verify_email_button: "Confirm",
    verify_email_done_title: "Your email is confirmed",

    reset_link: "Forgot your password?",
    reset_title: "Reset your password",
    reset_text: "Enter your address, and we’ll send you a link.",
    reset_new_title: "Choose a new password",
    reset_new_text: "You will be signed out everywhere.",
    reset_button: "Save the password",
    reset_done_title: "Your password is changed",
    reset_done_text: "Sign in with the new one.",

    password_title: "Change your password",
    password_text: "You will be signed out everywhere else.",
    password_button: "Save the password",
    password_done_text: "You are signed out everywhere else.",

    email_title: "Change your email",
    email_text: "We’ll send a link to the new address. Until you follow it, nothing changes.",
    email_confirm_text: "Press the button to make {email} the address of your account.",
    email_button: "Use this email",
    email_done_title: "Your email is changed",
    email_done_text: "Your old address has been told.",
    email_return_title: "Take your email back?",
    email_return_text: "Your account gets the address {email} back. Its password goes, and everybody who uses it is signed out. Then you choose a new password.",
    email_return_button: "Take it back",

    delete_title: "Delete your account?",
    delete_text: "It goes with everything that is kept about you here. This can’t be undone.",
    delete_button: "Delete my account",
    delete_cancel: "Keep it",
    delete_done_title: "Your account is deleted",

    export_title: "Get your data",
    export_text: "A file with everything that is kept about you here, as JSON. It holds no password and no key.",
    export_button: "Download",

    account_title: "Your account",
    account_profile: "Profile",
    account_ways: "Sign-in",
    account_sessions: "Sessions",
    account_activity: "Activity",
    account_image_label: "Picture (optional)",
    account_image_hint: "The https address of an image.",
    account_save: "Save",
    account_saved: "Saved.",
    account_data: "Your data",
    account_export: "Everything we keep about you",
    account_export_button: "Download",
    account_delete: "The account and all its data",
    account_delete_button: "Delete",
    account_ways_title: "How you sign in",
    account_confirmed: "confirmed",
    account_unconfirmed: "not confirmed",
    account_confirm: "Confirm",
    account_is_set: "Set",
    account_is_not_set: "Not set",
    account_change: "Change",
    account_set: "Set one",
    account_manage: "Manage",
    account_app: "Authenticator app",
    account_passkeys: "Passkeys",
    account_linked: "Linked accounts",
    account_addable: "More ways",
    account_add: "Add",
    account_remove: "Remove",
    account_unlinked: "It is removed. Where it was used, you are signed out.",
    account_since: "Since {time}",
    account_sessions_title: "Where you’re signed in",
    account_seen: "Last seen {time}",
    account_this_session: "this browser",
    account_end: "Sign out",
    account_sign_out: "Sign out",
    account_ended: "Signed out there.",
    account_everywhere: "Everywhere else",
    account_unknown_device: "Unknown device",
    account_activity_title: "Recent activity",
    account_activity_none: "Nothing has happened yet.",
    account_older: "Older",
    account_times: "{count} times",
    activity_user_created: "Account created",
    activity_signed_in: "Signed in",
    activity_sign_in_confirmed: "Sign-in confirmed",
    activity_signed_out: "Signed out",
    activity_session_ended: "Signed out from elsewhere",
    activity_session_changed: "Session changed by an administrator",
    activity_sign_in_refused: "Sign-in refused",
    activity_sign_in_delayed: "Too many wrong passwords",
    activity_limit_reached: "Too many attempts",
    activity_account_linked: "Account linked",
    activity_account_unlinked: "Account removed",
    activity_profile_changed: "Profile changed",
    activity_email_verified: "Email confirmed",
    activity_email_change_asked: "Change of email asked for",
    activity_email_changed: "Email changed",
    activity_email_change_reverted: "Change of email taken back",
    activity_reset_asked: "Password reset asked for",
    activity_password_changed: "Password changed",
    activity_password_reset: "Password reset",
    activity_password_ended: "Password ended by the first confirmation of the email",
    activity_data_exported: "Data downloaded",
    activity_user_changed: "Account changed by an administrator",
    activity_user_disabled: "Account disabled",
    activity_user_enabled: "Account enabled",
    activity_factor_added: "Second factor added",
    activity_factor_removed: "Second factor removed",
    activity_factor_refused: "Second factor refused",
    activity_recovery_code_used: "Recovery code used",
    activity_recovery_codes_made: "Recovery codes made",
    activity_token_reused: "A token was used twice; that session was ended",
    activity_other: "Something happened",

    add_title: "Add {name}?",
    add_text: "You are signed in. Add {name}, and next time you can sign in with it, too.",
    add_button: "Add {name}",
    add_skip: "Not now",
    add_hint: "After that you can add {name}.",

    mail_subject: "Sign in to {host}",
    mail_title: "Sign in to {host}",
    mail_text: "",
    mail_button: "Sign in",
    mail_lifetime: "This link works once, within {lifetime}.",
    mail_ignore: "If you did not ask for this email, you can safely ignore it.",
    mail_unknown: "Somebody asked to sign in to {host} with this address, but there is no account with it. If it was you, try another address.",
    mail_verify_title: "Confirm your email for {host}",
    mail_verify_text: "Press the button to confirm that this address is yours.",
    mail_verify_button: "Confirm email",
    mail_verify_unknown: "Somebody asked to confirm this address for {host}, but there is nothing to confirm. If it was you, try another address, or sign in.",
    mail_reset_title: "Reset your password for {host}",
    mail_reset_text: "Press the button to choose a new password.",
    mail_reset_button: "Choose a new password",
    mail_reset_unknown: "Somebody asked to reset a password at {host} with this address, but there is no account with it. If it was you, try another address.",
    mail_change_title: "Confirm your new email for {host}",
    mail_change_text: "Press the button to make this the address of your account. You need to be signed in there.",
    mail_change_button: "Use this email",
    mail_changed_title: "Your email for {host} was changed",
    mail_changed_text: "The account that you have at {host} is now known by another address. If that was you, there is nothing to do.",
    mail_changed_button: "That wasn’t me: take it back",
    mail_password_title: "Your password for {host} was changed",
    mail_password_text: "If that was you, there is nothing to do. If it wasn’t, choose a new password now.",
    mail_ended_title: "Your password for {host} does not count any more",
    mail_ended_text: "Your email was confirmed now for the first time. Whatever was set before that might have been set by somebody else, so the password, other ways to sign in and other sessions have ended. You can choose a new password.",
    mail_deleted_title: "Your account at {host} was deleted",
    mail_deleted_text: "It is gone, with everything that was kept about you. If that wasn’t you, tell the people who run the site.",
    mail_existing_title: "You have an account at {host} already",
    mail_existing_text: "Somebody tried to make another account with this address. If it was you, sign in with the one that you have. If you forgot the password, choose a new one.",
    mail_days: "{count} days",
    mail_hours: "{count} hours",
    mail_minutes: "{count} minutes",
    mail_seconds: "{count} seconds",

    factor_title: "One more step",
    factor_text: "Enter the code that your authenticator app shows, or one of your recovery codes.",
    factor_button: "Continue",
    factor_other: "Start over",
    code_label: "Code",
    confirm_factor_title: "Is it you?",
    confirm_factor_text: "Before you go on, show once more that it is you.",
    confirm_factor_again: "Sign in again",
    confirm_factor_none: "This needs two-step sign-in, which you have not set up yet.",
    confirm_factor_set_up: "Set up two-step sign-in",
    app_set_up_title: "Set up two-step sign-in",
    app_set_up_text: "Scan the picture with an authenticator app, and enter the code that the app shows then.",
    app_qr_label: "QR code for your authenticator app",
    app_by_hand: "Or type this key into the app",
    app_set_up_button: "Turn on",
    app_title: "Two-step sign-in is on",
    app_text: "When you sign in, you are asked for a code of your authenticator app.",
    app_codes_left: "You have {count} recovery codes left.",
    app_codes_button: "Make new recovery codes",
    app_remove_button: "Turn off two-step sign-in",
    codes_title: "Your recovery codes",
    codes_text: "If you lose your authenticator app, each of these signs you in once. Keep them somewhere safe: they are not shown again.",
    codes_button: "I have kept them",
    passkeys_title: "Your passkeys",
    passkeys_text: "With a passkey you sign in by your fingerprint, your face or your device’s PIN. It replaces password and code.",
    passkey_add: "Add a passkey",
    passkey_button: "Use a passkey",
    passkey_sign_in: "Sign in with a passkey",
    passkey_remove: "Remove",
    passkey_unnamed: "Passkey",
    passkey_created: "added",
    passkey_used: "last used",
    passkey_backed_up: "synced",
    passkey_trouble: "That did not work. Try again, or choose another way.",
    passkey_needs_script: "Adding a passkey needs JavaScript in this browser.",

    error_sign_in: "Back to sign in",
    error_docs: "Read more about this error",
    error_code: "Code",
    error_request_id: "Request",

    name_label: "Name (optional)",
    email_label: "Email",
    email_placeholder: "you@example.com",
    password_label: "Password",
    current_password_label: "Current password",
    new_password_label: "New password",
    new_email_label: "New email",
    new_password_hint: "Longer is stronger. A few unrelated words work well.",
}

/// There is no text of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownText(pub String);

impl Texts {
    /// What happened to an account, by its kind in the audit trail.
    pub fn activity(&self, kind: &str) -> &str {
        match kind {
            "user_created" => &self.activity_user_created,
            "signed_in" => &self.activity_signed_in,
            "signed_out" => &self.activity_signed_out,
            "session_ended" => &self.activity_session_ended,
            "session_changed" => &self.activity_session_changed,
            "sign_in_confirmed" => &self.activity_sign_in_confirmed,
            "sign_in_refused" => &self.activity_sign_in_refused,
            "sign_in_delayed" => &self.activity_sign_in_delayed,
            "limit_reached" => &self.activity_limit_reached,
            "account_linked" => &self.activity_account_linked,
            "account_unlinked" => &self.activity_account_unlinked,
            "profile_changed" => &self.activity_profile_changed,
            "email_verified" => &self.activity_email_verified,
            "email_change_asked" => &self.activity_email_change_asked,
            "email_changed" => &self.activity_email_changed,
            "email_change_reverted" => &self.activity_email_change_reverted,
            "reset_asked" => &self.activity_reset_asked,
            "password_changed" => &self.activity_password_changed,
            "password_reset" => &self.activity_password_reset,
            "password_ended" => &self.activity_password_ended,
            "data_exported" => &self.activity_data_exported,
            "user_changed" => &self.activity_user_changed,
            "user_disabled" => &self.activity_user_disabled,
            "user_enabled" => &self.activity_user_enabled,
            "factor_added" => &self.activity_factor_added,
            "factor_removed" => &self.activity_factor_removed,
            "factor_refused" => &self.activity_factor_refused,
            "recovery_code_used" => &self.activity_recovery_code_used,
            "recovery_codes_made" => &self.activity_recovery_codes_made,
            "token_reused" => &self.activity_token_reused,
            _ => &self.activity_other,
        }
    }

    /// What to tell a person about an error code: the owner's text, the built-in one, or `None` if the
    /// code is not known.
    pub fn error(&self, code: &str) -> Option<ErrorText> {
        let owners = self.errors.iter().find(|(known, _)| known.eq_ignore_ascii_case(code));
        owners.map(|(_, words)| words.clone()).or_else(|| known_error(code))
    }
}

impl fmt::Display for UnknownText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no text `{}`; there are {}", self.0.escape_debug(), Texts::KEYS.join(", "))
    }
}

impl std::error::Error for UnknownText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_a_default_and_can_be_set_by_its_name() {
        let mut texts = Texts::default();
        for key in Texts::KEYS {
            texts.set(key, format!("<{key}>")).unwrap();
        }
        assert_eq!(texts.sign_in_title, "<sign_in_title>");
        assert_eq!(texts.new_password_hint, "<new_password_hint>");
    }

    #[test]
    fn a_text_that_does_not_exist_is_refused() {
        let refused = Texts::default().set("sign_in_titel", "x".to_owned());
        assert_eq!(refused, Err(UnknownText("sign_in_titel".to_owned())));
    }

    #[test]
    fn an_own_text_for_an_error_wins_over_the_built_in_one() {
        let mut texts = Texts::default();
        let own = ErrorText::new("Nein", "Das war nichts.");
        texts.errors.insert("CredentialsSignin".to_owned(), own.clone());
        assert_eq!(texts.error("CredentialsSignin"), Some(own));
        assert_eq!(texts.error("AccessDenied"), known_error("AccessDenied"));
        assert_eq!(texts.error("no such code"), None);
    }
}
