"""From a shard and a model to an error: the task, the group of replicas, the device."""
