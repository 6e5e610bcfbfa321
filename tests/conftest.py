"""Settings that all tests share."""

from hypothesis import HealthCheck, settings

# Two shared cores: an example may wait for its turn longer than a deadline says.
settings.register_profile(
    "odata", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("odata")
