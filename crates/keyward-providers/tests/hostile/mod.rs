//! A hostile OpenID provider. Each of its attacks has to be refused by the step that is there for it, and by the whole
//! engine with the right page.

pub(crate) mod attacks;
pub(crate) mod op;
