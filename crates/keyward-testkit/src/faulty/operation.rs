//! What can be told to fail.

/// Makes the operations and the list of them, so that none is missing in it.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// An operation of the store's ports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $($(#[$doc])* $name,)*
        }

        impl Operation {
            /// All of them, for tests that go through every one.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];
        }
    };
}

operations! {
    /// [`SignIns::admit`](keyward_core::port::SignIns::admit).
    Admit,
    /// [`Directory::password_by_email`](keyward_core::port::Directory::password_by_email).
    PasswordByEmail,
    /// [`Directory::replace_password`](keyward_core::port::Directory::replace_password).
    ReplacePassword,
    /// [`Directory::set_password`](keyward_core::port::Directory::set_password).
    SetPassword,
    /// [`Directory::user`](keyward_core::port::Directory::user).
    User,
    /// [`Directory::delete_user`](keyward_core::port::Directory::delete_user).
    DeleteUser,
    /// [`Directory::user_by_email`](keyward_core::port::Directory::user_by_email).
    UserByEmail,
    /// [`Directory::standing`](keyward_core::port::Directory::standing).
    Standing,
    /// [`Directory::accounts_of`](keyward_core::port::Directory::accounts_of).
    AccountsOf,
    /// [`Directory::unlink_account`](keyward_core::port::Directory::unlink_account).
    UnlinkAccount,
    /// [`Directory::account_tokens`](keyward_core::port::Directory::account_tokens).
    AccountTokens,
    /// [`Ledger::session`](keyward_core::port::Ledger::session).
    Session,
    /// [`Ledger::session_record`](keyward_core::port::Ledger::session_record).
    SessionRecord,
    /// [`Ledger::renew_session`](keyward_core::port::Ledger::renew_session).
    RenewSession,
    /// [`Ledger::touch_session`](keyward_core::port::Ledger::touch_session).
    TouchSession,
    /// [`Ledger::end_session`](keyward_core::port::Ledger::end_session).
    EndSession,
    /// [`Adoptions::adopt`](keyward_core::port::Adoptions::adopt).
    Adopt,
    /// [`Sessions::sessions_of`](keyward_core::port::Sessions::sessions_of).
    SessionsOf,
    /// [`Sessions::end_sessions`](keyward_core::port::Sessions::end_sessions).
    EndSessions,
    /// [`Sessions::change_session`](keyward_core::port::Sessions::change_session).
    ChangeSession,
    /// [`Sessions::overlay`](keyward_core::port::Sessions::overlay).
    Overlay,
    /// [`Sessions::changes_since`](keyward_core::port::Sessions::changes_since).
    ChangesSince,
    /// [`Administration::change_user`](keyward_core::port::Administration::change_user).
    ChangeUser,
    /// [`Administration::remove_user`](keyward_core::port::Administration::remove_user).
    RemoveUser,
    /// [`Imports::import_users`](keyward_core::port::Imports::import_users).
    ImportUsers,
    /// [`Ledger::sweep`](keyward_core::port::Ledger::sweep).
    Sweep,
    /// [`Ledger::ready`](keyward_core::port::Ledger::ready).
    Ready,
    /// [`Tickets::issue_ticket`](keyward_core::port::Tickets::issue_ticket).
    IssueTicket,
    /// [`Tickets::ticket`](keyward_core::port::Tickets::ticket).
    Ticket,
    /// [`Tickets::consume_ticket`](keyward_core::port::Tickets::consume_ticket).
    ConsumeTicket,
    /// [`TokenVault::vault_entry`](keyward_core::port::TokenVault::vault_entry).
    VaultEntry,
    /// [`TokenVault::begin_refresh`](keyward_core::port::TokenVault::begin_refresh).
    BeginRefresh,
    /// [`TokenVault::mark_sent`](keyward_core::port::TokenVault::mark_sent).
    MarkSent,
    /// [`TokenVault::settle_refresh`](keyward_core::port::TokenVault::settle_refresh).
    SettleRefresh,
    /// [`Outbox::write_events`](keyward_core::port::Outbox::write_events).
    WriteEvents,
    /// [`Outbox::due_events`](keyward_core::port::Outbox::due_events).
    DueEvents,
    /// [`Outbox::settle_event`](keyward_core::port::Outbox::settle_event).
    SettleEvent,
    /// [`Outbox::cap_events`](keyward_core::port::Outbox::cap_events).
    CapEvents,
    /// [`Grants::grant`](keyward_core::port::Grants::grant).
    Grant,
    /// [`Grants::rotate_grant`](keyward_core::port::Grants::rotate_grant).
    RotateGrant,
    /// [`SigningKeys::signing_keys`](keyward_core::port::SigningKeys::signing_keys).
    SigningKeys,
    /// [`SigningKeys::add_signing_key`](keyward_core::port::SigningKeys::add_signing_key).
    AddSigningKey,
    /// [`AuditTrail::audit`](keyward_core::port::AuditTrail::audit).
    Audit,
    /// [`AuditTrail::trim_audit`](keyward_core::port::AuditTrail::trim_audit).
    TrimAudit,
    /// [`AuditTrail::has_come_from`](keyward_core::port::AuditTrail::has_come_from).
    HasComeFrom,
    /// [`Attempts::failures`](keyward_core::port::Attempts::failures).
    Failures,
    /// [`Attempts::count_failure`](keyward_core::port::Attempts::count_failure).
    CountFailure,
    /// [`Attempts::forget_failures`](keyward_core::port::Attempts::forget_failures).
    ForgetFailures,
    /// [`Attempts::known_network`](keyward_core::port::Attempts::known_network).
    KnownNetwork,
    /// [`Attempts::remember_network`](keyward_core::port::Attempts::remember_network).
    RememberNetwork,
    /// [`Attempts::cap_failures`](keyward_core::port::Attempts::cap_failures).
    CapFailures,
    /// [`Recovery::issue_by_mail`](keyward_core::port::Recovery::issue_by_mail).
    IssueByMail,
    /// [`Recovery::prove_address`](keyward_core::port::Recovery::prove_address).
    ProveAddress,
    /// [`Recovery::reset_password`](keyward_core::port::Recovery::reset_password).
    ResetPassword,
    /// [`Recovery::change_password`](keyward_core::port::Recovery::change_password).
    ChangePassword,
    /// [`Recovery::change_address`](keyward_core::port::Recovery::change_address).
    ChangeAddress,
    /// [`Recovery::return_address`](keyward_core::port::Recovery::return_address).
    ReturnAddress,
    /// [`Recovery::depart`](keyward_core::port::Recovery::depart).
    Depart,
    /// [`Post::due_mails`](keyward_core::port::Post::due_mails).
    DueMails,
    /// [`Post::settle_mail`](keyward_core::port::Post::settle_mail).
    SettleMail,
    /// [`FactorStore::factors`](keyward_core::port::FactorStore::factors).
    Factors,
    /// [`FactorStore::passkey`](keyward_core::port::FactorStore::passkey).
    Passkey,
    /// [`FactorStore::try_code`](keyward_core::port::FactorStore::try_code).
    TryCode,
    /// [`FactorStore::change_factors`](keyward_core::port::FactorStore::change_factors).
    ChangeFactors,
}

impl Operation {
    /// Whether it may change what the store holds. One that is not named here may.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(
            self,
            Self::PasswordByEmail
                | Self::User
                | Self::UserByEmail
                | Self::Standing
                | Self::AccountsOf
                | Self::AccountTokens
                | Self::Session
                | Self::SessionRecord
                | Self::SessionsOf
                | Self::Overlay
                | Self::ChangesSince
                | Self::Ready
                | Self::Ticket
                | Self::VaultEntry
                | Self::Grant
                | Self::SigningKeys
                | Self::Audit
                | Self::HasComeFrom
                | Self::Failures
                | Self::KnownNetwork
                | Self::Factors
                | Self::Passkey
        )
    }
}
