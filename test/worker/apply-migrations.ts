/** @module Runs before each worker test file; the migrations are applied here once there are tests that need D1. */

export {}
