//! The keys that sign access tokens: made ahead of time, published before they sign and until their last token expired.
//!
//! Every key has its times from the start, so that all processes agree on which one signs without speaking to each other.
//! The next one is added by whoever is first, compared and set on the last one in the store.

use std::sync::{Arc, PoisonError, RwLock};

use keyward_jose::{
    jwe::{self, ContentKey, Encryption, IV_LEN},
    jwk::Jwk,
    jws::{Algorithm, SigningKey},
    kdf::hkdf_sha256,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::settings::TokenSettings;
use crate::{
    error::{Code, Refusal},
    port::{Random, Store, StoreError, StoredKey, uuid},
    secret::Secret,
    time::Timestamp,
};

/// The keys as this process knows them.
pub struct KeyRing {
    /// Open the private halves; the first seals.
    sealing: Vec<ContentKey>,
    known: RwLock<Arc<Known>>,
}

/// A key whose private half could be opened.
pub struct Signer {
    key: SigningKey,
    from: Timestamp,
    until: Timestamp,
}

impl Signer {
    /// What signs.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }
}

#[derive(Default)]
struct Known {
    rows: Vec<StoredKey>,
    /// In the order of `rows`; the same key is parsed once.
    signers: Vec<Arc<Signer>>,
}

/// How often a key is added anew because another process added one meanwhile.
const TRIES: usize = 4;

impl KeyRing {
    /// Derives what seals from each secret, the current one first.
    #[must_use]
    pub fn new(secrets: &[Secret]) -> Self {
        let key = |secret: &Secret| {
            let bytes = hkdf_sha256::<32>(secret.expose().as_bytes(), b"", b"Keyward signing keys");
            ContentKey::new(Encryption::A256Gcm, bytes.as_slice()).expect("A256GCM takes 32 bytes")
        };
        Self { sealing: secrets.iter().map(key).collect(), known: RwLock::default() }
    }

    /// The key that signs now. Asks the store only where none is known.
    ///
    /// # Errors
    /// [`Code::StoreUnavailable`] where a key is needed and the store cannot answer.
    pub async fn signer(
        &self,
        settings: &TokenSettings,
        store: &dyn Store,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Arc<Signer>, Refusal> {
        if let Some(signer) = self.known().signer(settings.algorithm, now) {
            return Ok(signer);
        }
        self.maintain(settings, store, random, now).await?;
        let signer = self.known().signer(settings.algorithm, now);
        signer.ok_or_else(|| Refusal::new(Code::Configuration).because("no key could be made that signs"))
    }

    /// Follows what other processes added, and adds the next key when it is time. Called at the start and from then on
    /// by a job, well within [`TokenSettings::lead`].
    pub async fn maintain(
        &self,
        settings: &TokenSettings,
        store: &dyn Store,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let known = self.follow(store).await?;
            let Some(from) = known.next_from(settings, now) else { return Ok(()) };
            let row = self.fresh(settings, random, now, from)?;
            let after = known.rows.last().map(|row| row.kid.as_str());
            if store.add_signing_key(&row, after).await? {
                tracing::info!(
                    kid = row.kid,
                    algorithm = row.algorithm,
                    "a new key signs from {}",
                    from.iso()
                );
                self.follow(store).await?;
                return Ok(());
            }
        }
        Err(StoreError("other processes kept adding keys".to_owned()))
    }

    /// The key set that others check tokens with (RFC 7517 §5), as every process would say it now.
    pub async fn published(&self, store: &dyn Store, now: Timestamp) -> Result<Value, StoreError> {
        let rows = store.signing_keys().await?;
        let published = rows.iter().filter(|row| now < row.published_until);
        let keys: Vec<Value> = published.filter_map(|row| serde_json::from_str(&row.public).ok()).collect();
        Ok(serde_json::json!({ "keys": keys }))
    }

    /// The payload of a token that one of our keys signed, and which is published still. `typ` is what it has to be.
    pub async fn verified(
        &self,
        store: &dyn Store,
        token: &str,
        typ: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let Ok(header) = keyward_jose::jws::peek(token) else { return Ok(None) };
        if header.typ.as_deref() != Some(typ) {
            return Ok(None);
        }
        let Some(kid) = header.kid.as_deref() else { return Ok(None) };
        let mut known = self.known();
        if !known.rows.iter().any(|row| row.kid == kid) {
            known = self.follow(store).await?;
        }
        let row = known.rows.iter().find(|row| row.kid == kid && now < row.published_until);
        let jwk = row.and_then(|row| Jwk::parse(row.public.as_bytes()).ok());
        let key = jwk.and_then(|jwk| jwk.verifying_key(jwk.algorithm()).ok());
        Ok(key.and_then(|key| key.verify(token).ok()))
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn follow(&self, store: &dyn Store) -> Result<Arc<Known>, StoreError> {
        let rows = store.signing_keys().await?;
        let before = self.known();
        if before.rows == rows {
            return Ok(before);
        }
        let signers = rows.iter().filter_map(|row| before.parsed(row).or_else(|| self.opened(row))).collect();
        let known = Arc::new(Known { rows, signers });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&known);
        Ok(known)
    }

    fn fresh(
        &self,
        settings: &TokenSettings,
        random: &dyn Random,
        now: Timestamp,
        from: Timestamp,
    ) -> Result<StoredKey, StoreError> {
        let failed = || StoreError("a key could not be made".to_owned());
        let key = SigningKey::generate(settings.algorithm).map_err(|_| failed())?.with_kid(&uuid(random));
        let kid = key.public_jwk().kid().unwrap_or_default().to_owned();
        let private =
            Private { kid: kid.clone(), der: hex::encode(key.to_pkcs8_der().map_err(|_| failed())?) };
        let text = Zeroizing::new(serde_json::to_vec(&private).map_err(|_| failed())?);
        let mut iv = [0; IV_LEN];
        random.fill(&mut iv);
        let sealing = self.sealing.first().ok_or_else(failed)?;
        let sealed = jwe::encrypt(sealing, &text, iv).map_err(|_| failed())?;
        let signs_until = from.max(now).plus(settings.key_lifetime);
        Ok(StoredKey {
            kid,
            algorithm: settings.algorithm.name().to_owned(),
            public: key.public_jwk().to_json().to_string(),
            sealed: sealed.into_bytes(),
            signs_from: from,
            signs_until,
            published_until: signs_until.plus(settings.longest()).plus(super::CLOCKS),
        })
    }

    /// `None` for a key that was sealed with a secret that is gone: others still check by it, but it signs no more.
    fn opened(&self, row: &StoredKey) -> Option<Arc<Signer>> {
        let sealed = str::from_utf8(&row.sealed).ok()?;
        let text = self.sealing.iter().find_map(|key| jwe::decrypt(key, sealed).ok())?;
        let private: Private = serde_json::from_slice(&Zeroizing::new(text)).ok()?;
        let algorithm = Algorithm::from_name(&row.algorithm)?;
        let der = Zeroizing::new(hex::decode(&private.der).ok()?);
        let key = SigningKey::from_pkcs8_der(algorithm, &der).ok()?.with_kid(&row.kid);
        // A row whose halves were swapped for another's signs nothing that anybody could check.
        let public: Value = serde_json::from_str(&row.public).ok()?;
        let is_whole = private.kid == row.kid && key.public_jwk().to_json() == public;
        is_whole.then(|| Arc::new(Signer { key, from: row.signs_from, until: row.signs_until }))
    }
}

impl Known {
    /// Of those whose time it is the one that began last: the same in every process.
    fn signer(&self, algorithm: Algorithm, now: Timestamp) -> Option<Arc<Signer>> {
        let its_turn = |signer: &&Arc<Signer>| {
            signer.key.algorithm() == algorithm && signer.from <= now && now < signer.until
        };
        self.signers.iter().filter(its_turn).max_by_key(|signer| signer.from).cloned()
    }

    /// From when on the next key has to sign. `None`: it is there, or it is too early for it.
    fn next_from(&self, settings: &TokenSettings, now: Timestamp) -> Option<Timestamp> {
        let own = self.signers.iter().filter(|signer| signer.key.algorithm() == settings.algorithm);
        let until = own.map(|signer| signer.until).max().filter(|until| now < *until);
        match until {
            None => Some(now),
            Some(until) => (until.minus(settings.lead()) <= now).then_some(until),
        }
    }

    fn parsed(&self, row: &StoredKey) -> Option<Arc<Signer>> {
        let is_same = |known: &&Arc<Signer>| known.key.public_jwk().kid() == Some(row.kid.as_str());
        let row_is_same = self.rows.contains(row);
        self.signers.iter().find(is_same).filter(|_| row_is_same).cloned()
    }
}

/// What is sealed. With the key's name in it, a row that was given another's private half opens as nothing.
#[derive(serde::Serialize, serde::Deserialize)]
struct Private {
    kid: String,
    der: String,
}

impl Drop for Private {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.der);
    }
}
