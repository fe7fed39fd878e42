-- Days whose `form` is 4 have rows of `total`, `model`, `provider`, `key` and `route` with `hours` 0, in the place of those with 8:
-- `part` is an hour from 1 to 23, and the pieces are what was before it (0) and from it on (1), for it is midnight in some zone. Rows
-- of `ranks` say how often all that is told apart was asked for. Days of form 3 are folded again in the background. Versions before
-- this step read no day of form 4, so what they had begun to fold is not written.
UPDATE rollup_state SET changes = changes + 1;
