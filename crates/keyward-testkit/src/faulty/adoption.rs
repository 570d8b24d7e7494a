//! Adoptions that fail when told to.

use async_trait::async_trait;
use keyward_core::{
    port::{Adopted, Adoption, Adoptions, StoreError},
    time::Timestamp,
};

use super::{FaultyStore, Operation};

#[async_trait]
impl<S: Adoptions + ?Sized> Adoptions for FaultyStore<S> {
    async fn adopt(&self, what: &Adoption, now: Timestamp) -> Result<Adopted, StoreError> {
        self.done(Operation::Adopt, self.pass(Operation::Adopt)?.adopt(what, now).await)
    }
}
