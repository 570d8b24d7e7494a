-- A session says itself where its tokens of others are, so that those without any are read without a look at the vault.

ALTER TABLE session ADD COLUMN vault TEXT;  -- id of the entry; NULL: there is none
UPDATE session SET vault = (SELECT vault.id FROM vault WHERE vault.session = session.id);
