//! As whom a session knows its person.

use crate::{
    deployment::Deployment,
    port::StoreError,
    user::{Account, UserId},
};

/// What the session says in `sub`: their id at the back end that knows them, as with NextAuth, whichever way they come in;
/// of everybody else their id here. With `anew` no account from before is theirs once they are in.
///
/// Access tokens say the id here, of everybody: two back ends may call two people the same.
pub(super) async fn subject(
    deployment: &Deployment,
    user: &UserId,
    anew: bool,
) -> Result<String, StoreError> {
    let accounts = if anew { Vec::new() } else { deployment.store().accounts_of(user).await? };
    let back_end = accounts.into_iter().find(|account| account.kind == Account::CREDENTIALS);
    Ok(known_as(user, back_end.map(|account| account.key.id)))
}

/// The same of somebody of whom it was read already by which id a back end knows them.
pub(super) fn known_as(user: &UserId, back_end_id: Option<String>) -> String {
    back_end_id.unwrap_or_else(|| user.0.clone())
}
