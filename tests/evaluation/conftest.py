"""The toy data of the tests of the tools."""

from tests.apis.conftest import toy

__all__ = ['toy']
