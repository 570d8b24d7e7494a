//! The pages that people see: templates, texts, styles. Strings in, strings out.
