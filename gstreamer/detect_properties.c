/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of octetdetect. */
#include "detect_properties.h"

enum {
    PROPERTY_MODEL = 1,
    PROPERTY_DEVICE,
    PROPERTY_CACHE,
    PROPERTY_THREADS,
    PROPERTY_RECT,
    PROPERTY_CONFIDENCE,
    PROPERTY_IOU,
    PROPERTY_DETECTIONS_MAX,
    PROPERTY_CLASSES,
    PROPERTY_INTERVAL,
    PROPERTY_MESSAGE,
    PROPERTY_QOS
};

#define DEVICE "cpu"
#define OWN (-1) /* the limit of the model's file, else octet's */
#define THREADS_MAX 1024
#define DETECTIONS_MOST 30000

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define FLAGS_READY ((GParamFlags)(FLAGS | GST_PARAM_MUTABLE_READY))
#define FLAGS_PLAYING ((GParamFlags)(FLAGS | GST_PARAM_MUTABLE_PLAYING))

/* The text in place of the one that stands there. */
static void take_text(gchar **text, const GValue *value)
{
    g_free(*text);
    *text = g_value_dup_string(value);
}

static void set_selection(struct detect_properties *properties, guint id, const GValue *value)
{
    struct detector_selection *selection = &properties->selection;
    if (id == PROPERTY_CONFIDENCE)
        selection->confidence = g_value_get_double(value);
    else if (id == PROPERTY_IOU)
        selection->iou = g_value_get_double(value);
    else if (id == PROPERTY_DETECTIONS_MAX)
        selection->detections_max = g_value_get_int(value);
    else
        take_text(&selection->classes, value);
    properties->selection_changed = TRUE;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    GstOctetDetect *self = (GstOctetDetect *)(void *)object;
    struct detect_properties *properties = &self->properties;
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROPERTY_MODEL:
        take_text(&properties->model, value);
        break;
    case PROPERTY_DEVICE:
        take_text(&properties->device, value);
        break;
    case PROPERTY_CACHE:
        take_text(&properties->cache, value);
        break;
    case PROPERTY_THREADS:
        properties->threads = g_value_get_int(value);
        break;
    case PROPERTY_RECT:
        properties->rect = g_value_get_boolean(value);
        break;
    case PROPERTY_CONFIDENCE:
    case PROPERTY_IOU:
    case PROPERTY_DETECTIONS_MAX:
    case PROPERTY_CLASSES:
        set_selection(properties, id, value);
        break;
    case PROPERTY_INTERVAL:
        properties->interval = g_value_get_uint(value);
        break;
    case PROPERTY_MESSAGE:
        properties->message = g_value_get_boolean(value);
        break;
    case PROPERTY_QOS:
        properties->qos = g_value_get_boolean(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    GstOctetDetect *self = (GstOctetDetect *)(void *)object;
    const struct detect_properties *properties = &self->properties;
    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROPERTY_MODEL:
        g_value_set_string(value, properties->model);
        break;
    case PROPERTY_DEVICE:
        g_value_set_string(value, properties->device);
        break;
    case PROPERTY_CACHE:
        g_value_set_string(value, properties->cache);
        break;
    case PROPERTY_THREADS:
        g_value_set_int(value, properties->threads);
        break;
    case PROPERTY_RECT:
        g_value_set_boolean(value, properties->rect);
        break;
    case PROPERTY_CONFIDENCE:
        g_value_set_double(value, properties->selection.confidence);
        break;
    case PROPERTY_IOU:
        g_value_set_double(value, properties->selection.iou);
        break;
    case PROPERTY_DETECTIONS_MAX:
        g_value_set_int(value, properties->selection.detections_max);
        break;
    case PROPERTY_CLASSES:
        g_value_set_string(value, properties->selection.classes);
        break;
    case PROPERTY_INTERVAL:
        g_value_set_uint(value, properties->interval);
        break;
    case PROPERTY_MESSAGE:
        g_value_set_boolean(value, properties->message);
        break;
    case PROPERTY_QOS:
        g_value_set_boolean(value, properties->qos);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

/* What is opened when the element starts. */
static void install_opening(GObjectClass *class)
{
    g_object_class_install_property(class, PROPERTY_MODEL,
                                    g_param_spec_string("model", "Model",
                                                        "The engine file (.octet); needed", NULL,
                                                        FLAGS_READY));
    g_object_class_install_property(
        class, PROPERTY_DEVICE,
        g_param_spec_string("device", "Device",
                            "Where it runs: cpu; cuda or cuda:N, an NVIDIA GPU; auto, a GPU where "
                            "octet can run on it, else the CPU",
                            DEVICE, FLAGS_READY));
    g_object_class_install_property(
        class, PROPERTY_CACHE,
        g_param_spec_string("cache", "Cache",
                            "Folder, which must be there, that keeps what is tried out on a GPU, "
                            "so that the next start is a quick one",
                            NULL, FLAGS_READY));
    g_object_class_install_property(
        class, PROPERTY_THREADS,
        g_param_spec_int("threads", "Threads",
                         "Threads on the CPU; 0: as many as there are physical cores", 0,
                         THREADS_MAX, 0, FLAGS_READY));
    g_object_class_install_property(
        class, PROPERTY_RECT,
        g_param_spec_boolean("rect", "Smallest input",
                             "Run at the smallest input for the frames' shape within the model's "
                             "own: 16:9 in 0.6 of the work of a square",
                             FALSE, FLAGS_READY));
}

/* How boxes are selected. */
static void install_selection(GObjectClass *class)
{
    g_object_class_install_property(
        class, PROPERTY_CONFIDENCE,
        g_param_spec_double("confidence", "Confidence",
                            "Boxes of higher confidence are kept; negative: the model's own "
                            "limit, else 0.25",
                            -1, 1, OWN, FLAGS_PLAYING));
    g_object_class_install_property(
        class, PROPERTY_IOU,
        g_param_spec_double("iou", "Overlap",
                            "Boxes that overlap a better one of their class by more (intersection "
                            "over union) are left out; negative: the model's own limit, else 0.7",
                            -1, 1, OWN, FLAGS_PLAYING));
    g_object_class_install_property(
        class, PROPERTY_DETECTIONS_MAX,
        g_param_spec_int("max-detections", "Most detections",
                         "Boxes of a frame at most; 0: the model's own limit, else 300", 0,
                         DETECTIONS_MOST, 0, FLAGS_PLAYING));
    g_object_class_install_property(
        class, PROPERTY_CLASSES,
        g_param_spec_string("classes", "Classes",
                            "Names or numbers of the classes to look for, with commas between; "
                            "none: all",
                            NULL, FLAGS_PLAYING));
}

/* Which frames are looked at, and what is told of them. */
static void install_running(GObjectClass *class)
{
    g_object_class_install_property(
        class, PROPERTY_INTERVAL,
        g_param_spec_uint("interval", "Interval",
                          "Frames to let pass after each that is looked at; they have no boxes", 0,
                          G_MAXUINT, 0, FLAGS_PLAYING));
    g_object_class_install_property(
        class, PROPERTY_MESSAGE,
        g_param_spec_boolean("message", "Message",
                             "Post an element message, octet-detections, for each frame that was "
                             "looked at",
                             FALSE, FLAGS_PLAYING));
    /* In the place of the base class', which would drop frames. */
    g_object_class_install_property(
        class, PROPERTY_QOS,
        g_param_spec_boolean("qos", "Quality of service",
                             "Let frames that come too late pass without looking at them", TRUE,
                             FLAGS_PLAYING));
}

void detect_properties_install(GObjectClass *class)
{
    class->set_property = set_property;
    class->get_property = get_property;
    install_opening(class);
    install_selection(class);
    install_running(class);
}

void detect_properties_begin(struct detect_properties *properties)
{
    *properties = (struct detect_properties){
        .device = g_strdup(DEVICE),
        .selection = {.confidence = OWN, .iou = OWN},
        .selection_changed = TRUE,
        .qos = TRUE,
    };
}

void detect_properties_end(struct detect_properties *properties)
{
    g_free(properties->model);
    g_free(properties->device);
    g_free(properties->cache);
    g_free(properties->selection.classes);
}
