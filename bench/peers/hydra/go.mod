// What is built: Ory Hydra, with the one replacement that its own go.mod makes and that counts only there.
module stagedoor.example/bench/hydra

go 1.24

require github.com/ory/hydra/v2 v2.3.0

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b
