//! Files that are named by their content, so that they can be cached for good.

/// Content as a cache key: 64 bits of FNV-1a.
pub(crate) const fn fingerprint(content: &str) -> u64 {
    let (bytes, mut hash, mut i) = (content.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

/// `name` with the [`fingerprint`] of `content` in place of its sixteen noughts, which begin at `at`.
pub(crate) const fn named_by<const N: usize>(mut name: [u8; N], at: usize, content: &str) -> [u8; N] {
    let hash = fingerprint(content).to_be_bytes();
    let mut i = 0;
    while i < hash.len() {
        name[at + 2 * i] = b"0123456789abcdef"[(hash[i] >> 4) as usize];
        name[at + 2 * i + 1] = b"0123456789abcdef"[(hash[i] & 15) as usize];
        i += 1;
    }
    name
}
