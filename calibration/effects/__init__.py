"""The effect-size laboratory: published studies of policies, repeated inside the model.

`catalogue` lists the studies, `laboratory` runs them, `worlds` is what they are run on, `estimators` are
those of the literature. Each family of studies has a module of its own.
"""
