/// RDMA verbs and the RDMA connection manager as Java objects.
package dev.verbena.verbs;
