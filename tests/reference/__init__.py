"""The same model again, slowly: one Mesa object per firm, plain Python floats, references instead of rows.

It is written from what the rules mean, to check the fast one: both must give the same trajectory.

Its own: every rule of a firm (`firm`, `research`, `finance`, `invention`, `status`), the markets (`markets`),
partners (`partners`), venture deals and holdings (`capital`), births (`births`), knowledge that travels and
technology contracts (`distance`), and the order of a quarter (`model`).

Shared on purpose: draws, Poisson and binomial counts (`simulation.randomness`: the same draws are required),
the parameter table, data, levers and outlook, the population of 2015 Q1 with its partners, what governments
deliver (`simulation.delivery`), the yearbook and the budgets' books (`simulation.yearbook`,
`simulation.accounts`), and the few agents that are plain Python already: `University`, `VentureFund` and
`Government`.
"""
